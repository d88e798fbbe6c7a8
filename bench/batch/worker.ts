/**
 * One contender of the benchmark: answers each JSON line with what one pass over a folder took, from
 * the bundle's file and the folder's name to the answers.
 */
import { readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";
import type { Recipe } from "../../src/image/recipe.ts";
import { batchPredict } from "../../src/wire/library.ts";

export interface Task {
  readonly work: "batch" | "bare";
  /** The bundle's file. */
  readonly model: string;
  /** Of the bundle. */
  readonly recipe: Recipe;
  readonly folder: string;
  /** Where `batch` writes. */
  readonly out: string;
  /** Of the engine, for `bare`. */
  readonly threads: number;
}

const batchSize = 32;

async function batch({ model, folder, out }: Task): Promise<number> {
  await rm(out, { force: true });
  const { pictures, failed } = await batchPredict({ model, source: folder, out, batchSize });
  if (failed > 0) throw new Error(`${failed} pictures failed`);
  return pictures;
}

/**
 * The least that can be done: files are decoded and resized side by side, and one session runs while
 * the next ones are decoded. Nothing is listed, checked, ordered, named or written.
 */
async function bare({ model, recipe, folder, threads }: Task): Promise<number> {
  sharp.concurrency(1);
  sharp.cache(false);
  // Threads that spin between ops would take cores from decoding.
  const extra = { session: { intra_op: { allow_spinning: "0" } } };
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads, extra });
  const { width, height, channels, fit, kernel } = recipe;
  const sharpFit = fit === "stretch" ? "fill" : fit;
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const names = files.values();
  let decoded: Buffer[] = [];
  let answered = 0;
  const answer = async (pictures: readonly Buffer[]): Promise<void> => {
    const dims = [pictures.length, height, width, channels];
    const { probabilities } = await session.run({ pictures: new Tensor("uint8", Buffer.concat(pictures), dims) });
    answered += probabilities!.dims[0]!;
  };
  const lane = async (): Promise<void> => {
    for (const { parentPath, name } of names) {
      const picture = sharp(join(parentPath, name)).resize({ width, height, fit: sharpFit, kernel });
      decoded.push(await picture.toColourspace("srgb").raw().toBuffer());
      if (decoded.length < batchSize) continue;
      const full = decoded;
      decoded = [];
      await answer(full);
    }
  };
  await Promise.all(Array.from({ length: 4 * availableParallelism() }, lane));
  if (decoded.length > 0) await answer(decoded);
  await session.release();
  return answered;
}

const works = { batch, bare };
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task; // main.ts writes these lines
  const startMs = performance.now();
  const before = process.cpuUsage();
  const count = await works[task.work](task);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startMs) / 1000;
  process.stdout.write(`${JSON.stringify({ count, seconds, cpuSeconds: (user + system) / 1e6 })}\n`);
}
