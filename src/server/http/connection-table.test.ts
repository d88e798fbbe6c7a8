import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type ConnectionEnd, type ConnectionTable, extraConnections, limitConnections } from "./connection-table.ts";

const sockets: Socket[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

interface Limits {
  readonly connections?: number;
  readonly perAddress?: number;
  readonly timeoutMs?: number;
}

/** A server whose answers say whether their connection came in above the limit. */
async function serve({ connections = 3, perAddress = 1000, timeoutMs = 60_000 }: Limits, listener?: RequestListener) {
  const ends: ConnectionEnd[] = [];
  const held: ServerResponse[] = [];
  const tell = (isExtra: boolean): string => (isExtra ? "extra" : "within");
  const server = createServer((request, response) => {
    if (listener !== undefined) return listener(request, response);
    if (request.url === "/held") held.push(response);
    else response.end(tell(table.isExtra(request.socket)));
  });
  const table: ConnectionTable = limitConnections(server, {
    connections,
    perAddress,
    sendTimeoutMs: timeoutMs,
    onEnd: (reason) => ends.push(reason),
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  const open = async (text = "", localAddress = "127.0.0.1"): Promise<Socket> => {
    const taken = once(server, "connection");
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    sockets.push(socket.on("error", () => undefined));
    await taken;
    if (text === "") return socket;
    // Without a whole head there is no request to wait for.
    const begun = text.endsWith("\r\n\r\n") || text.includes("content-length") ? once(server, "request") : undefined;
    socket.write(text);
    await begun;
    return socket;
  };
  return { server, open, ends, held };
}

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

async function answerOf(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, "data");
  return String(bytes).split("\r\n").at(-1) || String(bytes);
}

const isClosed = (socket: Socket): boolean => socket.resume().closed;
const closes = (socket: Socket) => expect.poll(() => isClosed(socket), { timeout: 5000 }).toBe(true);

describe("at the limit of connections", () => {
  it("a new one takes the place of the one that has been idle for longest, whatever it has sent of a head", async () => {
    const { open, ends } = await serve({});
    const first = await open();
    const second = await open("GET / HTTP/1.1\r\nhost: ");
    const third = await open(get());
    expect(await answerOf(third)).toContain("within");
    expect(await answerOf(await open(get()))).toContain("within");
    await closes(first);
    expect(isClosed(second)).toBe(false);
    // Kept alive, and idle since its answer: later than the second.
    expect(await answerOf(await open(get()))).toContain("within");
    await closes(second);
    expect(isClosed(third)).toBe(false);
    expect(ends).toEqual(["idle", "idle"]);
  });

  it("takes none with a request under way: the new one is above the limit", async () => {
    const { open, held, ends } = await serve({});
    for (let at = 0; at < 3; at++) await open(get("/held"));
    await expect.poll(() => held.length).toBe(3);
    const probes = await Promise.all([1, 2, 3].map(() => open(get())));
    for (const probe of probes) expect(await answerOf(probe)).toContain("extra");
    expect(ends).toEqual([]);
    for (const response of held) response.end("done");
  });

  it("above it, idle ones make room for the next", async () => {
    const { open, held, ends } = await serve({ connections: 1 });
    await open(get("/held"));
    await expect.poll(() => held.length).toBe(1);
    const idle: Socket[] = [];
    for (let at = 0; at < extraConnections(1); at++) idle.push(await open());
    expect(ends).toEqual([]);
    expect(await answerOf(await open(get()))).toContain("extra");
    await closes(idle[0]!);
    expect(isClosed(idle[1]!)).toBe(false);
  });

  it("refuses what comes when all of those have requests under way too", async () => {
    const { open, held, ends } = await serve({ connections: 1 });
    for (let at = 0; at <= extraConnections(1); at++) await open(get("/held"));
    await expect.poll(() => held.length).toBe(extraConnections(1) + 1);
    await closes(await open());
    expect(ends).toEqual(["refused"]);
    const last = held.pop()!;
    const closed = once(last, "close");
    last.end();
    await closed;
    expect(await answerOf(await open(get()))).toContain("extra");
    expect(ends).toEqual(["refused", "idle"]);
  });

  it("a body that is long on its way makes room too", async () => {
    const { open, ends } = await serve({ connections: 2 }, (request, response) => {
      request.resume().once("end", () => response.end("whole"));
    });
    const bodies = [];
    for (let at = 0; at < 2; at++) {
      bodies.push(await open("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab"));
    }
    const knock = async (): Promise<readonly ConnectionEnd[]> => {
      await open(get());
      return ends;
    };
    await expect.poll(knock, { timeout: 8000, interval: 300 }).toContain("slow");
    await closes(bodies[0]!);
    expect(isClosed(bodies[1]!)).toBe(false);
  });
});

it("an address at its own limit makes room itself", async () => {
  const { open, ends } = await serve({ connections: 100, perAddress: 2 });
  const others = await open("", "127.0.0.9");
  const [first, second] = [await open(), await open()];
  expect(await answerOf(await open(get()))).toContain("within");
  await closes(first!);
  expect([isClosed(second!), isClosed(others)]).toEqual([false, false]);
  expect(ends).toEqual(["idle"]);
});

describe("an answer", () => {
  /** More than the kernel takes of it. */
  const size = 48 * 2 ** 20;
  const large: RequestListener = (_request, response) => void response.end(Buffer.alloc(size));

  it("that nobody takes ends its connection", async () => {
    const { server, open, ends } = await serve({ timeoutMs: 200 }, large);
    await open(get());
    await expect.poll(() => ends, { timeout: 10_000 }).toEqual(["stalled"]);
    const open_ = () => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
    await expect.poll(open_).toBe(0);
  });

  it("is not taken by a caller that goes on sending", async () => {
    const { open, ends } = await serve({ timeoutMs: 300 }, large);
    const socket = await open(get());
    // Line ends between requests mean nothing to HTTP.
    const sending = setInterval(() => socket.write("\r\n"), 20);
    await expect.poll(() => ends, { timeout: 10_000 }).toEqual(["stalled"]);
    clearInterval(sending);
  });

  it("that is taken slowly, over longer than that, arrives whole", async () => {
    const { open, ends } = await serve({ timeoutMs: 1000 }, large);
    const socket = await open(get());
    let taken = 0;
    let paused = 0;
    for await (const chunk of socket) {
      taken += chunk.length;
      // Often enough that the kernel, which tells of progress in steps, tells of some in time.
      if (taken > paused * 2 ** 20) {
        paused++;
        await pause(40);
      }
      if (taken > size) break;
    }
    expect({ isWhole: taken > size, ends }).toEqual({ isWhole: true, ends: [] });
  });

  it("that is still being computed may take longer", async () => {
    const { open, ends } = await serve({ timeoutMs: 100 }, (_request, response) => {
      setTimeout(() => response.end("late"), 500);
    });
    expect(await answerOf(await open(get()))).toContain("late");
    expect(ends).toEqual([]);
  });
});
