/**
 * npm run bench:prepare [-- --json] [-- --rounds N] [-- --size PIXELS]
 *
 * How fast pictures are made ready: whole packs from full-resolution photographs (read, hashed,
 * decoded, resized, written and flushed) against a bare sharp loop and against Pillow in a process
 * pool, who only decode and resize; what the loader delivers against what training takes; and how
 * memory grows with the number of pictures. Contenders take turns, because shared machines drift;
 * ratios are those of the medians.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import { type LineProcess, startLineProcess } from "../line-process.ts";
import { type BenchmarkResult, median, printBenchmark } from "../report.ts";
import { caseName, cases } from "../train-step/cases.ts";
import { unpackPictures } from "../unpack-pictures.ts";
import type { Task } from "./worker.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    size: { type: "string", default: "128" },
  },
});
const rounds = Number(options.rounds);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const log = (text: string) => process.stderr.write(`${text}\n`);
const data = process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data");
const startOurs = (script = here("worker.ts")) => startLineProcess(process.execPath, ["--import", "tsx", script]);

const scratch = await mkdtemp(join(tmpdir(), "pawprint-prepare-"));
const results: BenchmarkResult[] = [];
try {
  const photographs = join(data, "cats-dogs-fullres.zip");
  if (existsSync(photographs)) results.push(...(await measureDecoding(photographs)));
  else log(`no decoding measured: ${photographs} is not there`);
  results.push(...(await measureLoader()));
  const many = join(data, "cats-dogs-128px.zip");
  if (existsSync(many)) results.push(await measureMemory(many));
  else log(`no memory measured: ${many} is not there`);
} finally {
  await rm(scratch, { recursive: true });
}
printBenchmark({ name: "prepare", results }, options.json);

interface Contender {
  readonly name: string;
  readonly target: number;
  readonly process: LineProcess;
  readonly message: object;
  readonly rates: number[];
}

async function measureDecoding(zip: string): Promise<readonly BenchmarkResult[]> {
  const folder = join(scratch, "photographs");
  await unpackPictures(zip, folder);
  const side = Number(options.size);
  const picture = { folder, width: side, height: side, channels: 3 };
  const contender = (name: string, target: number, process: LineProcess, message: object): Contender => {
    return { name, target, process, message: { ...picture, ...message }, rates: [] };
  };
  const ours = contender("pawprint", 1, startOurs(), { work: "pack" });
  const peers = [contender("bare sharp loop", 0.9, startOurs(), { work: "sharp" })];
  const python = await findPeerPython(["pillow"], log);
  if (python) {
    const start = () => startLineProcess(python, [here("peer.py")]);
    peers.push(contender("Pillow, process pool", 1.5, start(), { draft: false }));
    peers.push(contender("Pillow, process pool, JPEG drafts", 1, start(), { draft: true }));
  }
  const all = [ours, ...peers];
  for (let round = 0; round <= rounds; round++) {
    for (const { process, message, rates } of all) {
      const { count, seconds } = await process.ask(message);
      // The first round warms file cache and compilers.
      if (round > 0) rates.push(Number(count) / Number(seconds));
    }
    const shown = all.map(({ name, rates }) => `${name} ${rates.length ? median(rates).toFixed(0) : "-"}`);
    log(`photographs to ${side} px: round ${round}/${rounds}, pictures/s ${shown.join(", ")}`);
  }
  for (const { process } of all) await process.close();
  return peers.map(({ name, target, rates }) => ({
    case: `photographs to ${side} px`,
    value: median(ours.rates),
    unit: "pictures/s",
    peer: name,
    peerValue: median(rates),
    ratio: median(ours.rates) / median(rates),
    target,
  }));
}

/**
 * Our own training is the peer here: of the reference nets the one that takes the most pictures a
 * second, and one for photographs.
 */
async function measureLoader(): Promise<readonly BenchmarkResult[]> {
  const measured: BenchmarkResult[] = [];
  for (const setup of cases.slice(0, 2)) {
    const folder = join(scratch, `noise-${setup.size}`);
    const channels = setup.channels === 1 ? 1 : 3;
    const picture = { folder, width: setup.size, height: setup.size, channels, batchSize: setup.batch } as const;
    const loader = startOurs();
    const training = startOurs(here("../train-step/worker.ts"));
    await loader.ask({ ...picture, work: "make-noise" } satisfies Task);
    await training.ask(setup);
    await training.ask({ steps: 2 });
    const loaded: number[] = [];
    const trained: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const { count, seconds } = await loader.ask({ ...picture, work: "load" } satisfies Task);
      if (round > 0) loaded.push(Number(count) / Number(seconds));
      const { seconds: steps } = await training.ask({ steps: 4 });
      trained.push(...(steps as number[]).map((step) => setup.batch / step));
    }
    await loader.close();
    await training.close();
    measured.push({
      case: `loader, ${caseName(setup)}`,
      value: median(loaded),
      unit: "pictures/s",
      peer: "training of that net",
      peerValue: median(trained),
      ratio: median(loaded) / median(trained),
      target: 5,
    });
  }
  return measured;
}

/** Peak resident memory of a process that packs 20,000 pictures, against one that packs 2,000. */
async function measureMemory(zip: string): Promise<BenchmarkResult> {
  const peakOf = async (limit: number): Promise<number> => {
    const worker = startOurs();
    const task: Task = { work: "pack", folder: zip, width: 64, height: 64, channels: 3, limit };
    const { peakBytes } = await worker.ask(task);
    await worker.close();
    log(`packing ${limit} pictures: peak ${(Number(peakBytes) / 2 ** 20).toFixed(0)} MiB`);
    return Number(peakBytes);
  };
  const few = await peakOf(2000);
  const many = await peakOf(20_000);
  return {
    case: "peak memory, packing 20,000",
    value: many / 2 ** 20,
    unit: "MiB",
    peer: "packing 2,000",
    peerValue: few / 2 ** 20,
    ratio: few / many,
    target: 1 / 1.1,
  };
}
