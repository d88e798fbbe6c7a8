/**
 * The load, in a process of its own: keep-alive connections that each send the same request again
 * and again.
 *
 * It is our own because it shares two cores with what it measures: prepared bytes go out on plain
 * sockets and answers are only counted, for 0.03 ms of CPU a request. Reads one JSON line (a
 * `LoadTask`), answers one (a `LoadResult`).
 */
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { type Connection, openConnection } from "../../tests/support/http-connection.ts";
import { quantile } from "../report.ts";

export interface LoadTask {
  readonly port: number;
  readonly path: string;
  readonly contentType: string;
  /** base64 */
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  /**
   * Requests a second, spread over the connections, whether or not answers come; as fast as answers
   * come unless given.
   */
  readonly rate?: number;
}

export interface LoadResult {
  /** Answers by status; `failed` counts connections that broke. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Milliseconds from sending to the answer, of answers with status 200. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** With a rate: how many milliseconds after its time a request was sent, at the most. */
  readonly latest: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await load(JSON.parse(line) as LoadTask))}\n`); // main.ts wrote it
}

async function load({ port, path, contentType, body, connections, seconds, rate }: LoadTask): Promise<LoadResult> {
  const bytes = Buffer.from(body, "base64");
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${contentType}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let latest = 0;
  // All are open before the clock starts: what is measured is requests.
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(port)));
  const start = performance.now();
  const end = start + seconds * 1000;
  const gapMs = rate === undefined ? 0 : (connections / rate) * 1000;
  const lane: Omit<Lane, "connection" | "start"> = {
    port,
    request: Buffer.concat([Buffer.from(head), bytes]),
    end,
    gapMs,
    onAnswer(status, ms, lateMs) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === "200") latencies.push(ms);
      if (rate !== undefined) latest = Math.max(latest, lateMs);
    },
  };
  await Promise.all(
    open.map((connection, index) => drive({ ...lane, connection, start: start + (index / connections) * gapMs })),
  );
  latencies.sort((a, b) => a - b);
  return {
    statuses,
    seconds: (performance.now() - start) / 1000,
    p50: quantile(latencies, 0.5),
    p90: quantile(latencies, 0.9),
    p99: quantile(latencies, 0.99),
    max: quantile(latencies, 1),
    latest,
  };
}

interface Lane {
  readonly port: number;
  readonly connection: Connection;
  readonly request: Buffer;
  readonly start: number;
  readonly end: number;
  /**
   * From the time of one request to that of the next; 0 sends whenever the answer before is there.
   */
  readonly gapMs: number;
  readonly onAnswer: (status: string, ms: number, lateMs: number) => void;
}

/** One connection, opened again where it breaks or the service closes it. */
async function drive({ port, connection: first, request, start, end, gapMs, onAnswer }: Lane): Promise<void> {
  let connection: Connection | undefined = first;
  for (let due = start; performance.now() < end && due < end; due += gapMs) {
    const waitMs = due - performance.now();
    if (gapMs > 0 && waitMs > 1) await pause(waitMs);
    try {
      if (!connection?.isOpen) connection = await openConnection(port);
      const since = performance.now();
      const status = await connection.send(request);
      onAnswer(status, performance.now() - since, since - due);
    } catch {
      onAnswer("failed", 0, 0);
      connection = undefined;
      await pause(10);
    }
  }
  connection?.close();
}
