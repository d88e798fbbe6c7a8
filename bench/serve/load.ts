/**
 * The load, in a process of its own: keep-alive connections that each send the same request again and again.
 *
 * It is our own because it shares two cores with what it measures: prepared bytes go out on plain sockets and answers are only counted, for 0.03 ms of
 * CPU a request. Reads one JSON line (a `LoadTask`), answers one (a `LoadResult`).
 */
import { createInterface } from "node:readline";
import { type Connection, openConnection } from "../../tests/support/http-connection.ts";

export interface LoadTask {
  readonly port: number;
  readonly path: string;
  readonly contentType: string;
  /** base64 */
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second, spread over the connections, whether or not answers come; as fast as answers come unless given. */
  readonly rate?: number;
}

export interface LoadResult {
  /** Answers by status; `failed` counts connections that broke. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Milliseconds of answers with status 200; with a rate from the moment when they should have been sent. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await load(JSON.parse(line) as LoadTask))}\n`); // main.ts wrote it
}

async function load({ port, path, contentType, body, connections, seconds, rate }: LoadTask): Promise<LoadResult> {
  const bytes = Buffer.from(body, "base64");
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${contentType}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), bytes]);
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  const count = (status: string): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const start = performance.now();
  const end = start + seconds * 1000;
  const done = (status: string, since: number): void => {
    count(status);
    if (status === "200") latencies.push(performance.now() - since);
  };
  const lanes = Array.from({ length: connections }, (_, lane) =>
    rate === undefined
      ? closedLoop(port, request, end, done, () => count("failed"))
      : openLoop(
          port,
          request,
          { start: start + (lane / rate) * 1000, end, gapMs: (connections / rate) * 1000 },
          done,
          () => count("failed"),
        ),
  );
  await Promise.all(lanes);
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    statuses,
    seconds: (performance.now() - start) / 1000,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    max: quantile(1),
  };
}

type Done = (status: string, since: number) => void;

/** One connection that sends the next request when the last one is answered. */
async function closedLoop(port: number, request: Buffer, end: number, done: Done, failed: () => void): Promise<void> {
  while (performance.now() < end) {
    try {
      const connection = await openConnection(port);
      while (performance.now() < end && connection.isOpen) {
        const since = performance.now();
        done(await connection.send(request), since);
      }
      connection.close();
    } catch {
      failed();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

interface Schedule {
  readonly start: number;
  readonly end: number;
  readonly gapMs: number;
}

/** One connection that sends at fixed times; where an answer is late the next request is late, and its wait counts. */
async function openLoop(
  port: number,
  request: Buffer,
  { start, end, gapMs }: Schedule,
  done: Done,
  failed: () => void,
) {
  let connection: Connection | undefined;
  for (let due = start; due < end; due += gapMs) {
    const waitMs = due - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    try {
      if (!connection?.isOpen) connection = await openConnection(port);
      done(await connection.send(request), due);
    } catch {
      failed();
      connection = undefined;
    }
  }
  connection?.close();
}
