/** One contender of the benchmark: answers each JSON line with what one round of its work took. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";
import { createRandom } from "../../src/base/random.ts";
import { buildPack, openPack } from "../../src/dataset/pack/build-pack.ts";
import { batches } from "../../src/dataset/pack/loader.ts";
import { openSource } from "../../src/dataset/sources/open-source.ts";
import type { Sample, Source } from "../../src/dataset/sources/source.ts";
import { forEachInParallel } from "../../src/image/in-parallel.ts";
import type { Recipe } from "../../src/image/recipe.ts";

export interface Task {
  readonly work: "pack" | "sharp" | "make-noise" | "load";
  /** Pictures to read, or the folder of a pack to make or to load. */
  readonly folder: string;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Take this many pictures, spread over the source; all where left out. */
  readonly limit?: number;
  readonly batchSize?: number;
}

const recipeOf = ({ width, height, channels }: Task): Recipe => {
  return { width, height, channels, fit: "cover", kernel: "lanczos3" };
};

async function pack(task: Task): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "pawprint-bench-"));
  const source = await openSource(task.folder);
  try {
    const built = await buildPack(task.limit === undefined ? source : await some(source, task.limit), recipeOf(task), {
      folder,
    });
    await built.pixels.close();
    return built.ids.length;
  } finally {
    await source.close();
    await rm(folder, { recursive: true });
  }
}

/** Every so-many-th picture of a source, so that all classes take part. */
async function some(source: Source, limit: number): Promise<Source> {
  let total = 0;
  for await (const _ of source.samples()) total++;
  return {
    ...source,
    async *samples() {
      let at = 0;
      for await (const sample of source.samples()) {
        if (Math.floor((at * limit) / total) !== Math.floor(((at + 1) * limit) / total)) yield sample;
        at++;
      }
    },
  };
}

/** The least that can be done: read, decode, resize, pixels; nothing hashed, checked or kept. */
async function bareSharp({ folder, width, height }: Task): Promise<number> {
  sharp.concurrency(1);
  sharp.cache(false);
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  await forEachInParallel(
    names,
    async ({ parentPath, name }) => {
      const picture = sharp(join(parentPath, name)).resize({ width, height, fit: "cover", kernel: "lanczos3" });
      await picture.toColourspace("srgb").raw().toBuffer();
    },
    { concurrency: 2 * availableParallelism() },
  );
  return names.length;
}

/** A pack of 20,000 pictures of noise. */
async function makeNoise(task: Task): Promise<number> {
  const { width, height, channels, folder } = task;
  const noise = createRandom("loader");
  const block = Uint8Array.from({ length: 1 << 20 }, () => noise.integer(256));
  const source: Source = {
    kind: "idx",
    location: "noise",
    skipped: [],
    remarks: [],
    async *samples(): AsyncGenerator<Sample> {
      for (let at = 0; at < 20_000; at++) {
        const start = (at * 47) % (block.length - width * height * channels);
        const pixels = block.slice(start, start + width * height * channels);
        yield { id: `${at}`, label: `${at % 10}`, stamp: "1", image: { width, height, channels, pixels } };
      }
    },
    close: async () => {},
  };
  const built = await buildPack(source, recipeOf(task), { folder });
  await built.pixels.close();
  return built.ids.length;
}

/** One shuffled pass over the train split. */
async function load({ folder, batchSize = 64 }: Task, round: number): Promise<number> {
  const { pack: opened } = await openPack(folder);
  let count = 0;
  const shuffle = createRandom(round);
  for await (const batch of batches(opened, "train", { batchSize, shuffle, last: "wrap" })) count += batch.count;
  await opened.pixels.close();
  return count;
}

let round = 0;
const works = { pack, sharp: bareSharp, "make-noise": makeNoise, load: (task: Task) => load(task, round++) };
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task; // main.ts writes these lines
  const startMs = performance.now();
  const count = await works[task.work](task);
  const seconds = (performance.now() - startMs) / 1000;
  // maxRSS is in kilobytes.
  process.stdout.write(`${JSON.stringify({ count, seconds, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
}
