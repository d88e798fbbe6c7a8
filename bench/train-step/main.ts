/**
 * npm run bench:train-step [-- --json] [-- --case N] [-- --rounds N] [-- --profile]
 *                          [-- --baseline FOLDER]
 *
 * Times full training steps (forward, backward, Adam) of the reference nets here and in PyTorch,
 * whose two memory layouts both run; the faster one is the figure to beat. The three take turns
 * within one run, because shared machines drift; the ratio is that of the medians. With --baseline
 * the peer is another checkout of Pawprint, with its packages installed.
 */
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AppError } from "../../src/base/errors.ts";
import type { OpTime } from "../../src/runtime/profile.ts";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import { type LineProcess, startLineProcess } from "../line-process.ts";
import { type BenchmarkResult, median, printBenchmark } from "../report.ts";
import { caseName, cases, type Setup } from "./cases.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    case: { type: "string" },
    baseline: { type: "string" },
    rounds: { type: "string", default: "8" },
  },
});
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const log = (text: string) => process.stderr.write(`${text}\n`);

interface Contender {
  readonly name: string;
  readonly process: LineProcess;
  readonly seconds: number[];
  /** The shapes of its parameters, sorted; of older checkouts none. */
  readonly shapes: readonly string[] | undefined;
}

const python = options.baseline === undefined ? await findPeerPython(["torch==2.13.0", "numpy"], log) : undefined;
const results: BenchmarkResult[] = [];
for (const [index, setup] of cases.entries()) {
  if (options.case !== undefined && Number(options.case) !== index + 1) continue;
  results.push(...(await measure(setup)));
}
printBenchmark({ name: "train-step", results }, options.json);

async function measure(setup: Setup): Promise<readonly BenchmarkResult[]> {
  const startWorker = (script: string) => startLineProcess(process.execPath, ["--import", "tsx", script]);
  const widths = setup.options.widths; // where older checkouts look for them
  const ours = await join("pawprint", startWorker(here("worker.ts")), { ...setup, profile: options.profile });
  const peers: Contender[] = [];
  if (options.baseline !== undefined) {
    const old = startWorker(resolve(options.baseline, "bench/train-step/worker.ts"));
    peers.push({ ...(await join("baseline", old, { ...setup, widths })), name: "baseline" });
  }
  if (python) {
    for (const layout of ["nhwc", "nchw"]) {
      peers.push(await join(layout, startLineProcess(python, [here("peer.py")]), { ...setup, layout }));
    }
  }
  const all = [ours, ...peers];
  for (const peer of peers) refuseOtherLayers(setup, ours, peer);
  for (const contender of all) await contender.process.ask({ steps: 2 });
  const stepsPerTurn = setup.size > 100 ? 2 : setup.size > 32 ? 4 : 8;
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const contender of round % 2 === 0 ? all : all.toReversed()) {
      const answer = await contender.process.ask({ steps: stepsPerTurn });
      contender.seconds.push(...(answer.seconds as number[]));
      // Idle thread pools spin for a moment after their work.
      await pause(250);
    }
    log(
      `${caseName(setup)}: round ${round + 1}/${options.rounds}, ms ${all.map((c) => `${c.name} ${(median(c.seconds) * 1e3).toFixed(1)}`).join(", ")}`,
    );
  }
  const peaks = new Map<Contender, number>();
  for (const contender of all) {
    const { peakBytes, profile, stepCount } = await contender.process.ask({});
    peaks.set(contender, Number(peakBytes));
    if (options.profile && profile) printProfile(profile as readonly OpTime[], Number(stepCount));
    await contender.process.close();
  }
  const best = peers.toSorted((a, b) => median(a.seconds) - median(b.seconds))[0];
  const rate = (contender: Contender) => setup.batch / median(contender.seconds);
  const peerPeak = best && peaks.get(best)!;
  return [
    {
      case: caseName(setup),
      value: rate(ours),
      unit: "images/s",
      peer: best?.name ?? (options.baseline === undefined ? "torch absent" : "baseline"),
      peerValue: best ? rate(best) : null,
      ratio: best ? rate(ours) / rate(best) : null,
      target: options.baseline === undefined ? 1 : 0.97,
    },
    {
      case: `${caseName(setup)}: peak memory`,
      value: peaks.get(ours)! / 2 ** 20,
      unit: "MiB",
      peer: best?.name ?? (options.baseline === undefined ? "torch absent" : "baseline"),
      peerValue: peerPeak ? peerPeak / 2 ** 20 : null,
      ratio: peerPeak ? peerPeak / peaks.get(ours)! : null,
      target: 1 / 1.5,
    },
  ];
}

/**
 * Kernel times of one step by kind of op. Recording them costs some time itself: quote speeds from
 * runs without.
 */
function printProfile(profile: readonly OpTime[], steps: number): void {
  for (const { op, calls, totalMs } of profile.slice(0, 16)) {
    log(`  ${op.padEnd(20)} ${(totalMs / steps).toFixed(2).padStart(8)} ms  ${Math.round(calls / steps)} calls`);
  }
}

async function join(name: string, child: LineProcess, setup: object): Promise<Contender> {
  const answer = await child.ask(setup);
  return {
    name: String(answer.peer ?? name),
    process: child,
    seconds: [],
    shapes: answer.shapes as readonly string[] | undefined,
  };
}

/** A peer with other parameters would be another network: the ratio would say nothing. */
function refuseOtherLayers(setup: Setup, ours: Contender, peer: Contender): void {
  if (!peer.shapes || !ours.shapes || String(peer.shapes) === String(ours.shapes)) return;
  const more = (a: Contender, b: Contender) => a.shapes!.filter((shape) => !b.shapes!.includes(shape)).join(" ");
  throw new AppError("INTERNAL", {
    required: `the same parameters at ${peer.name} for ${caseName(setup)}: ${ours.shapes.length} tensors`,
    received: `${peer.shapes.length}; shapes that only one has: ${more(ours, peer)} | ${more(peer, ours)}`,
  });
}
