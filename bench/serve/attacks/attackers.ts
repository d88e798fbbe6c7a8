/**
 * The attackers, in a process of their own. They come from other addresses than the bystanders.
 * Reads JSON lines (`AttackerTask`), answers each with one (`AttackerResult`).
 */
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { type Connection, openConnection } from "../../../tests/support/http-connection.ts";
import type { Means } from "./attack.ts";
import { post } from "./requests.ts";

export interface AttackerTask {
  readonly by: Means["by"];
  readonly port: number;
  readonly clients: number;
  readonly seconds: number;
  /** File with the bytes of the request. */
  readonly request?: string;
  readonly addresses?: number;
  /** Requests that an address has in a minute. */
  readonly rate?: number;
}

export interface AttackerResult {
  /** Answers by status; "failed" counts connections that broke, "none" requests without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What else is to be known, and the goal of this attack alone that it shows to be missed. */
  readonly note?: { readonly text: string; readonly missed?: string };
}

type Count = (status: string) => void;

const attacker = "127.0.2.1";
/** An empty request costs the service little, and counts like any other. */
const emptyRequest = post("/predict", "image/png", Buffer.alloc(0));
const further = 20;
const lanes = 32;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await attack(JSON.parse(line) as AttackerTask))}\n`); // run-attack.ts wrote it
}

async function attack(task: AttackerTask): Promise<AttackerResult> {
  const statuses: Record<string, number> = {};
  const count: Count = (status) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const request = task.request === undefined ? Buffer.alloc(0) : await readFile(task.request);
  if (task.by === "many addresses") return { statuses, note: await comeFromEverywhere(task, count) };
  const end = performance.now() + task.seconds * 1000;
  const client = {
    requests: () => sendAgain(task.port, request, end, count),
    "slow readers": () => hold(task.port, end, count, (socket) => askAndNeverRead(socket, request)),
    "idle sockets": () => hold(task.port, end, count, () => undefined),
    "slow heads": () => hold(task.port, end, count, dribble),
    bundles: () => pause(task.seconds * 1000),
    nobody: () => pause(task.seconds * 1000),
  }[task.by];
  await Promise.all(Array.from({ length: task.clients }, client));
  return { statuses };
}

async function sendAgain(port: number, request: Buffer, end: number, count: Count): Promise<void> {
  const client = callerFrom(port, attacker);
  const over = new AbortController();
  const ended = pause(end - performance.now(), "none", { signal: over.signal }).catch(() => "none");
  while (performance.now() < end) {
    const status = await Promise.race([client.send(request), ended]);
    count(status);
    if (status === "none") break;
    if (status === "failed") await pause(10);
  }
  over.abort();
  client.close();
}

/** Keeps a connection for the whole time, a new one wherever the service closes it. */
async function hold(port: number, end: number, count: Count, onOpen: (socket: Socket) => void): Promise<void> {
  while (performance.now() < end) {
    const status = await new Promise<string>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", localAddress: attacker });
      const timer = setTimeout(() => {
        resolve("held");
        socket.destroy();
      }, end - performance.now());
      socket.on("connect", () => onOpen(socket));
      socket.on("error", () => undefined);
      socket.on("close", () => {
        clearTimeout(timer);
        resolve("closed");
      });
    });
    count(status);
    if (status === "closed") await pause(20);
  }
}

/** Line ends between requests mean nothing; by them it is seen that the service has hung up. */
function askAndNeverRead(socket: Socket, request: Buffer): void {
  socket.write(request);
  const timer = setInterval(() => socket.write("\r\n"), 1000);
  socket.on("close", () => clearInterval(timer));
}

function dribble(socket: Socket): void {
  socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
  const timer = setInterval(() => socket.write("a"), 1000);
  socket.on("close", () => clearInterval(timer));
}

async function comeFromEverywhere(
  { port, addresses = 0, rate = 0 }: AttackerTask,
  count: Count,
): Promise<NonNullable<AttackerResult["note"]>> {
  const first = callerFrom(port, attacker);
  let status = "";
  for (let sent = 0; sent < 2 * rate && status !== "429"; sent++) {
    status = await first.send(emptyRequest);
    count(status);
  }
  let next = 0;
  const visit = async (): Promise<void> => {
    while (next < addresses) {
      const index = next++;
      const other = callerFrom(port, `127.1.${index >> 8}.${index & 255}`);
      count(await other.send(emptyRequest));
      other.close();
    }
  };
  await Promise.all(Array.from({ length: lanes }, visit));
  let passed = 0;
  for (let sent = 0; sent < further; sent++) {
    if ((await first.send(emptyRequest)) !== "429") passed++;
  }
  first.close();
  return { text: `${passed} of ${further} let in beyond the rate`, ...(passed > 0 && { missed: "rate limit" }) };
}

/** One client, connected again wherever the service hangs up. */
function callerFrom(port: number, address: string) {
  let connection: Connection | undefined;
  return {
    /** The status; "failed" where the connection broke. */
    async send(request: Buffer): Promise<string> {
      try {
        if (!connection?.isOpen) connection = await openConnection(port, address);
        return await connection.send(request);
      } catch {
        connection = undefined;
        return "failed";
      }
    },
    close: () => connection?.close(),
  };
}
