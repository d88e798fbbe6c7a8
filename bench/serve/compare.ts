/** Requests a second and latencies: the service against its peers, and against what is possible. */
import { join, resolve } from "node:path";
import type { LineProcess } from "../line-process.ts";
import { type BenchmarkResult, median } from "../report.ts";
import { askBare, describePlan, fastestPlan } from "./bare-limit.ts";
import { type Bench, rateOf, requireAnswers, startWorker } from "./callers.ts";
import { type Contender, type Measure, resultsOf, type Targets } from "./comparison-rows.ts";
import { type RunningPeer, startPeers } from "./peers.ts";
import { processorMs } from "./process-family.ts";
import { type RunningService, startPawprint } from "./services.ts";
import { bundleOf, type Load } from "./subjects.ts";

export interface Comparison {
  readonly loads: readonly Load[];
  readonly connections: readonly number[];
  /** Another built checkout, which then takes the place of peers and limit. */
  readonly baseline: string | undefined;
  /** A file with another peer. */
  readonly peer: string | undefined;
}

/** Whom the service is measured beside. */
interface Others {
  readonly baseline: string | undefined;
  readonly peers: readonly RunningPeer[];
  readonly bare: LineProcess | undefined;
}

/** A contender that can be asked. */
interface Runner extends Contender {
  measure(connections: number, seconds: number): Promise<Measure>;
}

/** At so many callers the service is held against what the machine can do. */
const limitConnections = 64;
const limitTarget = 0.85;

export async function compare(bench: Bench, { loads, connections, baseline, peer }: Comparison) {
  const peers = baseline === undefined ? await startPeers(peer, bench.scratch, bench.log) : [];
  const bare = baseline === undefined ? startWorker("bare.ts") : undefined;
  const results: BenchmarkResult[] = [];
  for (const load of loads) {
    results.push(...(await compareOn(bench, load, connections, { baseline, peers, bare })));
  }
  for (const { service } of peers) await service.stop();
  await bare?.close();
  return results;
}

async function compareOn(
  bench: Bench,
  load: Load,
  counts: readonly number[],
  { baseline, peers, bare }: Others,
): Promise<readonly BenchmarkResult[]> {
  const bundle = await bundleOf(load.subject, bench.scratch);
  const start = (name: string, folder?: string): Promise<RunningService> => {
    const logFile = join(bench.scratch, `${name}.log`);
    return startPawprint(bundle, logFile, { options: load.flags ?? [], ...(folder && { folder }) });
  };
  const runner = (
    name: string,
    service: RunningService,
    path: string,
    targetsAt: (count: number) => Targets,
  ): Runner => ({
    name,
    targetsAt,
    runs: [],
    async measure(connections, seconds) {
      const before = await processorMs(service.pid);
      const result = await bench.callers.call(service, load, { connections, seconds }, path);
      const cpu = ((await processorMs(service.pid)) - before) / (result.statuses["200"] ?? 0);
      requireAnswers(name, result);
      return { rate: rateOf(result), p50: result.p50, p99: result.p99, cpu };
    },
  });
  const ours = await start("pawprint");
  const old = baseline === undefined ? undefined : await start("baseline", resolve(baseline));
  const limit = bare && (await limitRunner(bench, load, bundle, bare));
  const results: BenchmarkResult[] = [];
  for (const connections of counts.filter((count) => count <= (load.maximumConnections ?? count))) {
    const own = runner("pawprint", ours, "/predict", () => ({}));
    const others = [
      ...(old ? [runner("baseline", old, "/predict", () => ({ rate: 0.97, p50: 0.97, p99: 0.97, cpu: 0.97 }))] : []),
      ...peers.map(({ name, service, targetsAt }) =>
        runner(name, service, load.peerPath, (count) => targetsAt(load.subject.name, count)),
      ),
      ...(limit && connections === limitConnections ? [limit] : []),
    ];
    await takeTurns(bench, connections, [own, ...others]);
    const rows = resultsOf(`${load.name}, ${connections} at once`, connections, own, others);
    for (const { case: name, value, unit, peer, peerValue, ratio } of rows) {
      bench.log(`${name}: ${value.toFixed(1)} ${unit}, ${peer} ${peerValue?.toFixed(1)}, ratio ${ratio?.toFixed(2)}`);
    }
    results.push(...rows);
  }
  if (bare) results.push(await againstAlone(bench, load, bundle, ours, bare));
  await ours.stop();
  await old?.stop();
  return results;
}

/** Decode and inference in batches, by the plan that is fastest for this load. */
async function limitRunner({ log }: Bench, load: Load, bundle: string, bare: LineProcess): Promise<Runner> {
  const plan = await fastestPlan(bare, load, bundle);
  log(`${load.name}: the limit is measured with ${describePlan(plan)}`);
  return {
    name: `limit (${describePlan(plan)})`,
    targetsAt: () => (load.file === undefined ? { rate: null, cpu: null } : { rate: limitTarget, cpu: limitTarget }),
    runs: [],
    async measure(_connections, seconds) {
      const { rate, cpu } = await askBare(bare, load, bundle, { plan, seconds });
      return { rate, p50: 0, p99: 0, cpu };
    },
  };
}

async function takeTurns({ rounds, seconds }: Bench, connections: number, runners: readonly Runner[]): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    // Whoever comes second finds a warmer machine: a service against itself came to 0.99.
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      const run = await runner.measure(connections, round === 0 ? 2 : seconds);
      // The first round warms compilers and allocators.
      if (round > 0) runner.runs.push(run);
    }
  }
}

/**
 * One caller's answer against decoding and inference in a loop without a service; they take turns,
 * too.
 */
async function againstAlone(
  { callers, rounds }: Bench,
  load: Load,
  bundle: string,
  service: RunningService,
  bare: LineProcess,
): Promise<BenchmarkResult> {
  const served: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const { p50 } = await callers.call(service, load, { connections: 1, seconds: 2 });
    const loop = await askBare(bare, load, bundle, { seconds: 2 });
    if (round === 0) continue;
    served.push(p50);
    alone.push(loop.p50);
  }
  const [value, peerValue] = [median(served), median(alone)];
  return {
    case: `${load.name}, one caller`,
    value,
    unit: "ms p50",
    peer: "decode + inference alone",
    peerValue,
    ratio: peerValue / value,
    target: 0.8,
  };
}
