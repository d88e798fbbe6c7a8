/**
 * What is possible without a service: decoding and inference in one process, no HTTP. Answers each
 * JSON line (a `BareTask`) with one (a `BareResult`).
 */
import { createInterface } from "node:readline";
import { type LoadedBundle, loadBundle } from "../../src/bundle/load-bundle.ts";
import { applyRecipe } from "../../src/image/apply-recipe.ts";
import { joinPixels } from "../../src/predict/batcher.ts";
import { readNumericPicture } from "../../src/server/input/numeric-json.ts";
import { pixelsFromNumbers } from "../../src/server/input/pixels-from-numbers.ts";
import { predictionEngine, serviceEngine } from "../../src/wire/engines.ts";
import { median } from "../report.ts";

export interface BareTask {
  readonly bundle: string;
  /** base64: a picture file, or the JSON of a request. */
  readonly body: string;
  readonly isFile: boolean;
  readonly seconds: number;
  /** How batches are made and run side by side; one picture after another unless given. */
  readonly plan?: BarePlan;
}

/** How a machine is kept busy. */
export interface BarePlan {
  /** Pictures that are decoded at once. */
  readonly decodes: number;
  /** Engines, each with a thread of its own. */
  readonly engines: number;
  /** Threads of each engine. */
  readonly threads: number;
}

export interface BareResult {
  /** Pictures per second. */
  readonly rate: number;
  /** Milliseconds from the file to the answer, one picture after another; 0 with a plan. */
  readonly p50: number;
  /** Milliseconds of processor time for each picture, of all threads. */
  readonly cpu: number;
}

const batchSize = 16;
/** Batches at each engine: one runs, one is ready. */
const batchesAhead = 2;

type Decode = () => Promise<Uint8Array>;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line) as BareTask))}\n`); // bare-limit.ts wrote it
}

async function measure({ bundle: path, body, isFile, seconds, plan }: BareTask): Promise<BareResult> {
  const engines = await Promise.all(
    Array.from({ length: plan?.engines ?? 1 }, async () =>
      loadBundle({ path }, await (plan ? serviceEngine({ threads: plan.threads }) : predictionEngine())),
    ),
  );
  const { recipe } = engines[0]!.info;
  const bytes = Buffer.from(body, "base64");
  const decode: Decode = async () =>
    isFile ? applyRecipe(bytes, recipe) : pixelsFromNumbers(readNumericPicture(bytes)!.values, "image");
  const end = performance.now() + seconds * 1000;
  const before = process.cpuUsage();
  const result = await (plan
    ? answerInBatches(engines, decode, plan.decodes, end)
    : answerOneByOne(engines[0]!, decode, end));
  const { user, system } = process.cpuUsage(before);
  await Promise.all(engines.map((engine) => engine.close()));
  return { rate: result.rate, p50: result.p50, cpu: (user + system) / 1000 / result.pictures };
}

interface Answered extends Omit<BareResult, "cpu"> {
  readonly pictures: number;
}

async function answerOneByOne(engine: LoadedBundle, decode: Decode, end: number): Promise<Answered> {
  const times: number[] = [];
  while (performance.now() < end) {
    const start = performance.now();
    await engine.answer(await decode());
    times.push(performance.now() - start);
  }
  return { p50: median(times), rate: 1000 / median(times), pictures: times.length };
}

/** While batches are computed, the next ones are decoded. What was begun is finished, and counts. */
async function answerInBatches(
  engines: readonly LoadedBundle[],
  decode: Decode,
  decodes: number,
  end: number,
): Promise<Answered> {
  const start = performance.now();
  const running = new Set<Promise<void>>();
  let decoded: Uint8Array[] = [];
  let batches = 0;
  let answered = 0;
  const run = async (engine: LoadedBundle, pictures: readonly Uint8Array[]): Promise<void> => {
    await engine.answer(joinPixels(pictures.map((pixels) => ({ pixels }))));
    answered += pictures.length;
  };
  const dispatch = (): void => {
    const batch = run(engines[batches++ % engines.length]!, decoded).finally(() => running.delete(batch));
    running.add(batch);
    decoded = [];
  };
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      decoded.push(await decode());
      if (decoded.length >= batchSize) dispatch();
      while (running.size >= batchesAhead * engines.length) await Promise.race(running);
    }
  };
  await Promise.all(Array.from({ length: decodes }, lane));
  if (decoded.length > 0) dispatch();
  await Promise.all(running);
  return { rate: (answered * 1000) / (performance.now() - start), p50: 0, pictures: answered };
}
