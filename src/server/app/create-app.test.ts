/** What holds for every route: ids, headers, errors, limits, readiness, the admin port. */
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const origin = "https://shop.example";

let service: RunningService;
let file = Buffer.alloc(0);
beforeAll(async () => {
  service = await startService(petModel, { adminPort: 0, corsOrigins: [origin], bodyTimeoutMs: 400 });
  file = await readFile(join(service.folder, "samples", "cat", "0.jpg"));
});
afterAll(() => service.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  service.server.app.inject({ method: "GET", url, headers });

describe("every answer", () => {
  it("carries the caller's request id, or the trace's, or a new one", async () => {
    expect((await get("/health", { "x-request-id": "shop-17" })).headers["x-request-id"]).toBe("shop-17");
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    expect((await get("/health", { traceparent })).headers["x-request-id"]).toBe(traceId);
    for (const forged of ['a"b', "x".repeat(200), "a b"]) {
      expect((await get("/health", { "x-request-id": forged })).headers["x-request-id"]).toMatch(/^[\da-f-]{36}$/);
    }
  });

  it("carries the headers that keep browsers careful, and says nothing of what runs", async () => {
    const { headers } = await get("/model");
    expect(headers["content-security-policy"]).toContain("default-src 'self'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(headers.server).toBeUndefined();
  });

  it("lets pages of the origins that are named read it, and of no other", async () => {
    expect((await get("/model", { origin })).headers["access-control-allow-origin"]).toBe(origin);
    expect(
      (await get("/model", { origin: "https://evil.example" })).headers["access-control-allow-origin"],
    ).toBeUndefined();
  });
});

describe("what is no route", () => {
  it.each([
    ["GET", "/nothing", 404, "ROUTE_UNKNOWN"],
    ["GET", "/admin/models", 404, "ROUTE_UNKNOWN"],
    ["GET", "/predict", 405, "METHOD_NOT_ALLOWED"],
    ["DELETE", "/model", 405, "METHOD_NOT_ALLOWED"],
    ["GET", "/samples/x", 400, "REQUEST_INVALID"],
    ["GET", "/samples/99", 404, "FILE_NOT_FOUND"],
    ["POST", "/predict?top_k=0", 400, "REQUEST_INVALID"],
    ["POST", "/predict?size=3", 400, "REQUEST_INVALID"],
  ] as const)("%s %s is answered %i", async (method, url, status, code) => {
    const answer = await service.server.app.inject({ method, url });
    expect({ status: answer.statusCode, code: answer.json().error.code }).toEqual({ status, code });
  });

  it("says which methods a path knows", async () => {
    const answer = await service.server.app.inject({ method: "PUT", url: "/predict" });
    expect(answer.headers.allow).toBe("POST");
  });

  it("speaks the protocol of the path that was meant", async () => {
    expect(Object.keys((await get("/v2/nothing")).json())).toEqual(["error"]);
    expect((await get("/invocations")).json().error_code).toBe("BAD_REQUEST");
  });
});

/** Sends bytes and reads until the service closes the connection. */
function speak(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(service.origin).port), "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

describe("what is no proper request", () => {
  it.each([
    ["no HTTP", "hello\r\n\r\n", "400 Bad Request", "REQUEST_INVALID"],
    ["no host", "GET /model HTTP/1.1\r\nconnection: close\r\n\r\n", "400 Bad Request", "REQUEST_INVALID"],
    [
      "headers without an end",
      `GET / HTTP/1.1\r\nhost: localhost\r\nlong: ${"x".repeat(20_000)}\r\n\r\n`,
      "431 ",
      "REQUEST_INVALID",
    ],
    ["an unknown expectation", "GET / HTTP/1.1\r\nhost: localhost\r\nexpect: tea\r\n\r\n", "417 ", "REQUEST_INVALID"],
    [
      "a body that stays away",
      "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\ncontent-length: 9\r\n\r\nab",
      "408 ",
      "REQUEST_TIMEOUT",
    ],
  ])("%s is told what is wrong", async (_, bytes, status, code) => {
    const text = await speak(bytes);
    expect(text).toContain(`HTTP/1.1 ${status}`);
    expect(text).toContain(`"code":"${code}"`);
  });
});

it("a body that no route wants is not waited for", async () => {
  for (const [path, status] of [
    ["/nothing", "404 "],
    ["/model", "405 "],
  ]) {
    const started = performance.now();
    const text = await speak(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\ncontent-length: 16000000\r\n\r\nab`,
    );
    expect(text).toContain(`HTTP/1.1 ${status}`);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(performance.now() - started).toBeLessThan(5000);
  }
});

it("a caller that keeps its side open after its time was over does not keep the connection", async () => {
  const bytes = "POST /predict HTTP/1.1\r\nhost:";
  const port = Number(new URL(service.origin).port);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.write(bytes));
  socket.on("error", () => undefined);
  const open = () => new Promise<number>((resolve) => service.server.app.server.getConnections((_, n) => resolve(n)));
  await new Promise((resolve) => socket.once("data", resolve));
  expect(await open()).toBeGreaterThan(0);
  await expect.poll(open, { timeout: 5000 }).toBe(0);
  socket.destroy();
});

it("pages of other origins can read why they were refused", async () => {
  const answer = await service.server.app.inject({ method: "GET", url: "/nothing", headers: { origin } });
  expect(answer.headers["access-control-allow-origin"]).toBe(origin);
  expect(answer.headers["access-control-expose-headers"]).toContain("retry-after");
});

describe("metrics and log", () => {
  it("count and time what was answered", async () => {
    await service.server.app.inject({
      method: "POST",
      url: "/predict",
      headers: { "content-type": "image/jpeg" },
      payload: file,
    });
    const text = (await get("/metrics")).body;
    expect(text).toMatch(/pawprint_http_requests_total\{route="\/predict",method="POST",status="200"\} [1-9]/);
    expect(text).toMatch(/pawprint_prediction_duration_seconds_count\{phase="inference"\} [1-9]/);
    expect(text).toMatch(/pawprint_predictions_total\{label="(cat|dog)"\} [1-9]/);
    expect(text).toMatch(/pawprint_model_info\{name="model",version="[\da-f]{12}",role="champion"/);
    expect(text).toMatch(/pawprint_errors_total\{code="ROUTE_UNKNOWN"\} [1-9]/);
  });
});

describe("readiness", () => {
  it("ends when the service begins to end, while liveness and answers go on", async () => {
    const other = await startService(petModel, { drainMs: 300 });
    const ask = (url: string) => other.server.app.inject({ method: "GET", url });
    expect((await ask("/readyz")).json()).toEqual({ status: "ok" });
    const ended = other.server.close();
    const ready = await ask("/readyz");
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: "not ready", reason: "draining" }]);
    expect((await ask("/v2/health/ready")).statusCode).toBe(503);
    const ping = await ask("/ping");
    expect([ping.statusCode, ping.json().error_code]).toEqual([503, "TEMPORARILY_UNAVAILABLE"]);
    expect((await ask("/livez")).statusCode).toBe(200);
    const headers = { "content-type": "image/jpeg" };
    const answer = await other.server.app.inject({ method: "POST", url: "/predict", headers, payload: file });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.connection).toBe("close");
    await ended;
    await other.close();
  });
});

describe("the end", () => {
  it("does not wait for who has sent half a request, nor for connections that are kept alive", async () => {
    const other = await startService(petModel, { bodyTimeoutMs: 300, deadlineMs: 300 });
    const { port, hostname: host } = new URL(other.origin);
    const half = connect(Number(port), host, () => half.write("POST /predict HTTP/1.1\r\nhost: localhost\r\n"));
    const idle = connect(Number(port), host, () => idle.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    const closed = [half, idle].map(
      (socket) => new Promise((resolve) => socket.on("error", () => undefined).on("close", resolve)),
    );
    await new Promise((resolve) => idle.once("data", resolve));
    await other.close();
    await Promise.all(closed);
  });
});

describe("at the limit of connections", () => {
  let other: RunningService;
  const sockets: Socket[] = [];
  const open = async (text = ""): Promise<Socket> => {
    const socket = connect(Number(new URL(other.origin).port), "127.0.0.1");
    sockets.push(socket.on("error", () => undefined));
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(text);
    return socket;
  };
  const statusOf = async (path: string, method = "GET") =>
    (await fetch(`${other.origin}${path}`, { method, headers: { connection: "close" } })).status;
  beforeAll(async () => {
    other = await startService(petModel, { connections: 4, connectionsPerAddress: 4 });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await other.close();
  });

  it("idle connections, and heads that do not end, keep nobody out", async () => {
    for (let at = 0; at < 20; at++) await open(at % 2 === 0 ? "" : "POST /predict HTTP/1.1\r\nhost: local");
    for (const path of ["/livez", "/model", "/samples/0"]) expect(await statusOf(path)).toBe(200);
    expect(await (await fetch(`${other.origin}/metrics`)).text()).toMatch(
      /pawprint_connections_ended_total\{reason="idle"\} [1-9]/,
    );
  });

  it("answers to every connection under way: probes pass, others are told to come again", async () => {
    const { server } = other.server.app;
    for (let at = 0; at < 4; at++) {
      server.prependOnceListener("request", (_request, response) => response.end(Buffer.alloc(24 * 2 ** 20)));
      const reader = await open("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await new Promise((resolve) => reader.once("readable", resolve));
    }
    for (const path of ["/livez", "/readyz", "/v2/health/ready", "/metrics"]) expect(await statusOf(path)).toBe(200);
    for (const path of ["/model", "/", "/nothing"]) expect(await statusOf(path)).toBe(503);
    const refused = await fetch(`${other.origin}/predict`, { method: "POST" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(refused.headers.get("connection")).toBe("close");
    expect(await refused.json()).toMatchObject({ error: { code: "OVERLOADED" } });
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => statusOf("/model"), { timeout: 5000 }).toBe(200);
  });
});

it("answers slow readers to the end, also when it ends", async () => {
  const other = await startService(petModel, { deadlineMs: 20_000 });
  const { port, hostname: host } = new URL(other.origin);
  const size = 24 * 2 ** 20;
  other.server.app.server.prependOnceListener("request", (_request, response) => response.end(Buffer.alloc(size)));
  const reader = connect(Number(port), host, () => reader.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"));
  let received = 0;
  const ended = new Promise((resolve) => reader.once("close", resolve));
  await new Promise((resolve) => reader.once("readable", resolve));
  const idle = connect(Number(port), host, () => idle.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"));
  await new Promise((resolve) => idle.once("data", resolve));
  const closed = other.close();
  // Others do not stay for the slow one's sake.
  await new Promise((resolve) => idle.once("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, 400));
  reader.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  await Promise.all([closed, ended]);
  expect(received).toBeGreaterThan(size);
});

it("keeps the connection of who asks for what is not there", async () => {
  const answer = await fetch(`${service.origin}/nothing`);
  expect([answer.status, answer.headers.get("connection")]).toEqual([404, "keep-alive"]);
});

describe("canary and admin port", () => {
  it("gives a share of the callers the other model, always the same callers, and changes the share at once", async () => {
    const path = join(service.folder, "canary.onnx");
    await writeUntrainedBundle({ ...petModel, seed: 99 }, path);
    const other = await startService(petModel, { canary: path, canaryPercent: 50, adminPort: 0 });
    const versionFor = async (key: string): Promise<string> => {
      const headers = { "content-type": "image/jpeg", "x-request-key": key };
      const answer = await other.server.app.inject({ method: "POST", url: "/predict", headers, payload: file });
      return answer.json().model_version;
    };
    const keys = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    // One name for both: callers of the protocol do not know which of them answers.
    const ready = await Promise.all(
      keys.map((key) => other.server.app.inject({ url: "/v2/models/model/ready", headers: { "x-request-key": key } })),
    );
    expect(new Set(ready.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    const first = await Promise.all(keys.map(versionFor));
    expect(new Set(first).size).toBe(2);
    expect(await Promise.all(keys.map(versionFor))).toEqual(first);
    const put = (body: string) =>
      fetch(`${other.adminOrigin}/admin/canary`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body,
      });
    expect((await put('{"percent": 0}')).status).toBe(200);
    const champion = other.server.service.host.current("champion")!.version;
    expect(new Set(await Promise.all(keys.map(versionFor)))).toEqual(new Set([champion]));
    for (const wrong of ['{"percent": 101}', "{}", '{"percent": "5"}', "", "[]"])
      expect((await put(wrong)).status).toBe(400);
    const listed = (await (await fetch(`${other.adminOrigin}/admin/models`)).json()) as { canary_percent: number };
    expect(listed.canary_percent).toBe(0);
    await other.close();
  });
});

it("a counter of requests outlives those of thousands of other addresses", async () => {
  const other = await startService(petModel, { requestsPerMinute: 2, trustProxy: 1 });
  const ask = async (address: string) =>
    (await other.server.app.inject({ method: "POST", url: "/predict", headers: { "x-forwarded-for": address } }))
      .statusCode;
  const mine = [await ask("198.51.100.7"), await ask("198.51.100.7"), await ask("198.51.100.7")];
  expect(mine).toEqual([400, 400, 429]);
  for (let at = 0; at < 5200; at++) await ask(`10.0.${at >> 8}.${at & 255}`);
  expect(await ask("198.51.100.7")).toBe(429);
  await other.close();
});

it("one that listens on localhost has the limits of one that listens on 127.0.0.1", async () => {
  const other = await startService(petModel, { host: "localhost" });
  expect(new URL(other.origin).hostname).toBe("127.0.0.1");
  expect(other.server.app.addresses()).toHaveLength(1);
  await other.close();
});
