/** Questions of operation: how soon it is ready, whether memory grows, what overload does. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type BenchmarkResult, median } from "../report.ts";
import { type Bench, rateOf, requireAnswers } from "./callers.ts";
import { startPawprint } from "./services.ts";
import { bundleOf, type Load } from "./subjects.ts";

function againstLimit(name: string, value: number, unit: string, limit: number): BenchmarkResult {
  return { case: name, value, unit, peer: "limit", peerValue: limit, ratio: limit / value, target: 1 };
}

export async function measureStart({ scratch, rounds }: Bench, load: Load): Promise<readonly BenchmarkResult[]> {
  const bundle = await bundleOf(load.subject, scratch);
  const starts: number[] = [];
  const sizes: number[] = [];
  for (let round = 0; round <= Math.max(rounds, 5); round++) {
    const service = await startPawprint(bundle, join(scratch, "serve.log"));
    await pause(2000);
    if (round > 0) {
      starts.push(service.startSeconds * 1000);
      sizes.push((await service.residentBytes()) / 2 ** 20);
    }
    await service.stop();
  }
  return [
    againstLimit("start to ready", median(starts), "ms", 700),
    againstLimit("resident memory, idle", median(sizes), "MiB", 200),
  ];
}

export async function measureMemory(
  { callers, scratch, log }: Bench,
  load: Load,
  minutes: number,
): Promise<BenchmarkResult> {
  const service = await startPawprint(await bundleOf(load.subject, scratch), join(scratch, "serve.log"));
  let first = 0;
  let last = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    for (const connections of [64, 10, 256]) {
      // What else the machine does may leave too little of it for 256 callers.
      requireAnswers("pawprint", await callers.call(service, load, { connections, seconds: 20 }), ["200", "503"]);
    }
    last = await service.residentBytes();
    if (minute === 1) first = last;
    log(`minute ${minute}: ${(last / 2 ** 20).toFixed(0)} MiB`);
  }
  await service.stop();
  const [value, peerValue] = [last / 2 ** 20, first / 2 ** 20];
  return {
    case: `resident memory after ${minutes} minutes of ${load.name}`,
    value,
    unit: "MiB",
    peer: "after one minute",
    peerValue,
    ratio: peerValue / value,
    target: 1 / 1.1,
  };
}

const overloadConnections = 1500;

export async function measureOverload(bench: Bench, load: Load): Promise<readonly BenchmarkResult[]> {
  const { callers, scratch, seconds, log } = bench;
  // All callers are on this machine: they share one address.
  const options = ["--connections-per-address", String(overloadConnections)];
  const service = await startPawprint(await bundleOf(load.subject, scratch), join(scratch, "serve.log"), { options });
  await callers.call(service, load, { connections: 64, seconds: 2 });
  const capacity = rateOf(await callers.call(service, load, { connections: 64, seconds }));
  log(`capacity: ${capacity.toFixed(0)} requests/s`);
  const overload = await callers.call(service, load, {
    connections: overloadConnections,
    seconds: 60,
    rate: 2 * capacity,
  });
  const { statuses } = overload;
  log(
    `at twice the capacity for 60 s: ${JSON.stringify(statuses)}; accepted: p50 ${overload.p50.toFixed(0)} ms, p99 ${overload.p99.toFixed(0)} ms, max ${overload.max.toFixed(0)} ms; sent ${overload.latest.toFixed(0)} ms late at most`,
  );
  const calmAt = performance.now();
  let recovered = 0;
  while (recovered === 0 && performance.now() - calmAt < 10_000) {
    const { statuses: after, max } = await callers.call(service, load, { connections: 1, seconds: 0.05 });
    if (after["200"] && Object.keys(after).length === 1 && max < 100) recovered = performance.now() - calmAt;
  }
  await service.stop();
  const unexpected = Object.keys(statuses).filter((status) => !["200", "503"].includes(status));
  if (unexpected.length > 0) log(`other answers than 200 and 503: ${unexpected.join(", ")}`);
  return [
    {
      case: "accepted at twice the capacity",
      value: rateOf(overload),
      unit: "requests/s",
      peer: "capacity",
      peerValue: capacity,
      ratio: rateOf(overload) / capacity,
      target: null,
    },
    againstLimit("slowest accepted", overload.max, "ms", 2000),
    againstLimit("recovery", recovered, "ms", 1000),
  ];
}
