/**
 * Those who mean no harm, in a process of their own: clients that send small pictures one after
 * another, each from its own address, and a probe that asks `/livez` every 50 ms over a new
 * connection. Reads JSON lines (`BystanderTask`), answers each with one (`BystanderResult`).
 */
import { request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { type Connection, openConnection } from "../../../tests/support/http-connection.ts";
import { quantile } from "../../report.ts";

export interface BystanderTask {
  readonly port: number;
  /** base64: a whole HTTP request. */
  readonly request: string;
  readonly clients: number;
  readonly seconds: number;
  readonly deadlineMs: number;
}

export interface BystanderResult {
  /** Answers with status 200 within the time and before their deadline, per second. */
  readonly rate: number;
  /** Share of the requests that were answered with status 200 before their deadline. */
  readonly inTime: number;
  /** Milliseconds of the answers with status 200, however late. */
  readonly p99: number;
  /** Also "late" (no answer until two seconds after the end) and "failed" (no connection). */
  readonly statuses: Readonly<Record<string, number>>;
  readonly probe: { readonly p50: number; readonly max: number; readonly failed: number };
}

const probeGapMs = 50;
const failurePauseMs = 50;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await stand(JSON.parse(line) as BystanderTask))}\n`); // run-attack.ts wrote it
}

async function stand({ port, request: bytes, clients, seconds, deadlineMs }: BystanderTask): Promise<BystanderResult> {
  const end = performance.now() + seconds * 1000;
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let inWindow = 0;
  const count = (status: string, ms: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status !== "200") return;
    latencies.push(ms);
    if (ms <= deadlineMs && performance.now() <= end) inWindow++;
  };
  const call = Buffer.from(bytes, "base64");
  const [probe] = await Promise.all([
    watchProbe(port, end),
    ...Array.from({ length: clients }, (_, index) =>
      keepCalling({ port, from: `127.0.1.${index + 1}`, call, end, giveUpMs: deadlineMs, count }),
    ),
  ]);
  latencies.sort((a, b) => a - b);
  const sent = Object.values(statuses).reduce((sum, value) => sum + value, 0);
  const good = latencies.filter((ms) => ms <= deadlineMs).length;
  return {
    rate: inWindow / seconds,
    inTime: good / Math.max(1, sent),
    p99: quantile(latencies, 0.99),
    statuses,
    probe,
  };
}

interface Caller {
  readonly port: number;
  readonly from: string;
  readonly call: Buffer;
  readonly end: number;
  /** How long after `end` an answer is still waited for. */
  readonly giveUpMs: number;
  readonly count: (status: string, ms: number) => void;
}

async function keepCalling({ port, from, call, end, giveUpMs, count }: Caller): Promise<void> {
  let connection: Connection | undefined;
  while (performance.now() < end) {
    const since = performance.now();
    const late = new AbortController();
    const answered = (async () => {
      if (!connection?.isOpen) connection = await openConnection(port, from);
      return connection.send(call);
    })();
    const status = await Promise.race([
      answered.catch(() => "failed"),
      pause(end + giveUpMs - since, "late", { signal: late.signal }).catch(() => "late"),
    ]);
    late.abort();
    count(status, performance.now() - since);
    // Who was refused does not insist: these clients are no attack.
    if (status !== "200") await pause(failurePauseMs);
  }
  connection?.close();
}

/** One at a time; where one takes long, those that were due meanwhile have waited, too. */
async function watchProbe(port: number, end: number): Promise<BystanderResult["probe"]> {
  const times: number[] = [];
  let failed = 0;
  while (performance.now() < end) {
    const since = performance.now();
    const isAlive = await probeOnce(port, end + 15_000 - since);
    const ms = performance.now() - since;
    if (!isAlive) failed++;
    for (let waited = ms; waited > 0; waited -= probeGapMs) times.push(waited);
    await pause(Math.max(0, probeGapMs - ms));
  }
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), max: quantile(times, 1), failed };
}

function probeOnce(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ port, host: "127.0.0.1", path: "/livez", agent: false }, (answer) => {
      answer.resume();
      answer.on("error", () => resolve(false));
      answer.on("end", () => resolve(answer.statusCode === 200));
    });
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error("no answer")));
    asked.on("error", () => resolve(false));
    asked.end();
  });
}
