/**
 * npm run bench:batch [-- --json] [-- --rounds N]
 *
 * How many pictures `pawprint batch` predicts in a second, its output written and flushed, against
 * sharp and ONNX Runtime run bare: they decode, resize and infer, and keep nothing. Which number of
 * engine threads is fastest depends on picture and network, so the bare loop runs with one and with
 * one for each core. Contenders take turns, because shared machines drift; ratios are those of the
 * medians.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Recipe } from "../../src/image/recipe.ts";
import { writeSampleSet } from "../../src/image/sample-pictures.ts";
import { writeUntrainedBundle } from "../../tests/support/untrained-bundle.ts";
import { type LineProcess, startLineProcess } from "../line-process.ts";
import { type BenchmarkResult, median, printBenchmark } from "../report.ts";
import { unpackPictures } from "../unpack-pictures.ts";
import type { Task } from "./worker.ts";

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "7" } },
});
const rounds = Number(options.rounds);
const cores = availableParallelism();
const data = process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data");
const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
const log = (text: string) => process.stderr.write(`${text}\n`);
// The same for all contenders, who inherit it: decoding on every core, with two to spare.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, cores + 2));

interface Case {
  readonly name: string;
  /** In the data folder; drawn pictures where it is not there, or where none is named. */
  readonly archive?: string;
  readonly limit?: number;
  readonly side: number;
  readonly widths: readonly number[];
}

/** Photographs with the network that training chooses for them; small pictures, where all else weighs most. */
const cases: readonly Case[] = [
  { name: "photographs", archive: "cats-dogs-fullres.zip", side: 128, widths: [16, 32, 64, 128] },
  { name: "128 px pictures", archive: "cats-dogs-128px.zip", limit: 4000, side: 64, widths: [16, 32, 64] },
];

interface Contender {
  readonly title: string;
  readonly task: Task;
  readonly process: LineProcess;
  /** Pictures a second, one for each round. */
  readonly rates: number[];
  /** Of all threads, for each picture: on a machine with other work it says more than the rate. */
  readonly cpuMs: number[];
}

const scratch = await mkdtemp(join(tmpdir(), "pawprint-batch-"));
const results: BenchmarkResult[] = [];
try {
  for (const each of cases) results.push(...(await measure(each)));
} finally {
  await rm(scratch, { recursive: true });
}
printBenchmark({ name: "batch", results }, options.json);

async function measure({ name, archive, limit, side, widths }: Case): Promise<readonly BenchmarkResult[]> {
  const folder = join(scratch, name);
  const zip = archive === undefined ? undefined : join(data, archive);
  const isThere = zip !== undefined && existsSync(zip);
  if (isThere) await unpackPictures(zip, folder, limit);
  else await writeSampleSet(folder, { perClass: 1000, sizePx: 128, seed: 1 });
  const what = `${isThere ? name : "drawn pictures of 128 px"} to ${side} px, widths ${widths.join(",")}`;
  const recipe: Recipe = { width: side, height: side, channels: 3, fit: "cover", kernel: "lanczos3" };
  const model = join(scratch, `${name}.onnx`);
  await writeUntrainedBundle({ labels: ["cat", "dog"], recipe, widths }, model);

  const start = (title: string, work: Task["work"], threads: number): Contender => {
    const task: Task = { work, model, recipe, folder, out: join(scratch, `${name}.csv`), threads };
    const process = startLineProcess(globalThis.process.execPath, ["--import", "tsx", worker]);
    return { title, task, process, rates: [], cpuMs: [] };
  };
  const ours = start("pawprint batch", "batch", cores);
  const peers = [...new Set([1, cores])].map((threads) => {
    return start(`sharp, ONNX Runtime with ${threads} ${threads === 1 ? "thread" : "threads"}`, "bare", threads);
  });
  const all = [ours, ...peers];
  for (let round = 0; round <= rounds; round++) {
    // Who begins changes, so that nobody always follows the same neighbour.
    for (let turn = 0; turn < all.length; turn++) {
      const { process, task, rates, cpuMs } = all[(turn + round) % all.length]!;
      const { count, seconds, cpuSeconds } = await process.ask(task);
      // The first round warms file cache and compilers.
      if (round === 0) continue;
      rates.push(Number(count) / Number(seconds));
      cpuMs.push((Number(cpuSeconds) * 1000) / Number(count));
    }
    const shown = all.map(({ title, rates }) => `${title} ${rates.length ? median(rates).toFixed(0) : "-"}`);
    log(`${what}: round ${round}/${rounds}, pictures/s ${shown.join("; ")}`);
  }
  for (const { process } of all) await process.close();
  return peers.flatMap(({ title: peer, rates, cpuMs }): readonly BenchmarkResult[] => {
    const [rate, peerRate] = [median(ours.rates), median(rates)];
    const [cost, peerCost] = [median(ours.cpuMs), median(cpuMs)];
    return [
      { case: what, value: rate, unit: "pictures/s", peer, peerValue: peerRate, ratio: rate / peerRate, target: 0.9 },
      {
        case: what,
        value: cost,
        unit: "CPU ms/picture",
        peer,
        peerValue: peerCost,
        ratio: peerCost / cost,
        target: null,
      },
    ];
  });
}
