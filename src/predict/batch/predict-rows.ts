/** Decodes and predicts pictures batch by batch on all cores, in bounded memory, in their order. */
import { AppError, isAppError } from "../../base/errors.ts";
import type { BundleAnswers, LoadedBundle } from "../../bundle/load-bundle.ts";
import type { Sample, SkippedPicture, Source } from "../../dataset/sources/source.ts";
import { sizeOfSample } from "../../dataset/sources/source.ts";
import { sourceChanged } from "../../dataset/sources/stamped-file.ts";
import { applyRecipe, applyRecipeToPixels } from "../../image/apply-recipe.ts";
import { defaultConcurrency, forEachInParallel } from "../../image/in-parallel.ts";
import type { Recipe } from "../../image/recipe.ts";
import { joinPixels } from "../batcher.ts";
import type { BatchRow } from "./batch-row.ts";
import type { PictureRange } from "./shard.ts";

export type BatchItem = Sample | SkippedPicture;

/** Every picture that a source found, those that it cannot give behind the others. */
export async function* itemsOf(source: Source): AsyncGenerator<BatchItem> {
  yield* source.samples();
  yield* source.skipped;
}

export interface PredictRowsOptions {
  readonly range: PictureRange;
  readonly batchSize: number;
  /** Takes the rows of one batch; batches come in their order, one at a time. */
  readonly onBatch: (rows: readonly BatchRow[]) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

type Decoded = { readonly id: string } & (
  | { readonly pixels: Uint8Array; readonly error?: undefined }
  | { readonly error: { readonly code: string; readonly message: string }; readonly pixels?: undefined }
);

interface Batch {
  readonly pictures: Decoded[];
  missing: number;
}

/** What is wrong with one picture and not with the source. */
const pictureFaults: ReadonlySet<string> = new Set([
  "IMAGE_UNREADABLE",
  "IMAGE_SIZE",
  "FILE_NOT_FOUND",
  "FILE_READ_FAILED",
]);

/**
 * A row for each picture of `range`, which begins a batch. The pictures of a batch depend on their
 * positions alone, so a row has the same numbers whichever range it is asked in.
 * Errors: SOURCE_CHANGED, ARCHIVE_CORRUPT, STORE_FAILED, EXECUTION_FAILED, INTERRUPTED; those of `onBatch`.
 */
export async function predictRows(
  bundle: LoadedBundle,
  source: Source,
  { range, batchSize, onBatch, signal }: PredictRowsOptions,
): Promise<void> {
  const { labels, recipe } = bundle.info;
  const count = range.end - range.start;
  const batches = new Map<number, Batch>();
  // Enough that every lane has a picture to decode while one batch is at the engine and one is written.
  const ahead = Math.ceil(defaultConcurrency / batchSize) + 3;
  let written = 0;
  let isOver = false;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const go of waiting.splice(0)) go();
  };
  const end = (): void => {
    isOver = true;
    wake();
  };
  /** False where the work ended before. */
  const until = async (isSo: () => boolean): Promise<boolean> => {
    while (!isOver && !isSo()) await new Promise<void>((go) => waiting.push(go));
    return !isOver;
  };
  const ask = inTurns(bundle);

  const work = async (item: BatchItem, index: number): Promise<void> => {
    const number = Math.floor(index / batchSize);
    if (!(await until(() => number < written + ahead))) return;
    const missing = Math.min(batchSize, count - number * batchSize);
    const batch = batches.get(number) ?? { pictures: [], missing };
    batches.set(number, batch);
    batch.pictures[index % batchSize] = await decode(item, recipe);
    if (--batch.missing > 0) return;
    const rows = await rowsOf(batch.pictures, labels.length, ask);
    batches.delete(number);
    if (!(await until(() => written === number))) return;
    await onBatch(rows);
    written++;
    wake();
  };

  const endsAll = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      end();
      throw error;
    }
  };

  signal?.addEventListener("abort", end, { once: true });
  try {
    await endsAll(() =>
      forEachInParallel(within(source, range, end), (item, index) => endsAll(() => work(item, index)), {
        signal,
        sizeOf: (item) => ("code" in item ? 0 : sizeOfSample(item)),
      }),
    );
  } finally {
    signal?.removeEventListener("abort", end);
    waiting = [];
  }
  if (written < Math.ceil(count / batchSize)) throw sourceChanged(source.location);
}

async function* within(source: Source, { start, end }: PictureRange, onFailure: () => void): AsyncGenerator<BatchItem> {
  let at = 0;
  try {
    for await (const item of itemsOf(source)) {
      if (at >= end) return;
      if (at++ >= start) yield item;
    }
  } catch (error) {
    onFailure();
    throw error;
  }
}

async function decode(item: BatchItem, recipe: Recipe): Promise<Decoded> {
  const { id } = item;
  if ("code" in item) return { id, error: { code: item.code, message: item.reason } };
  try {
    const pixels =
      "bytes" in item
        ? await applyRecipe(await item.bytes(), recipe, id)
        : await applyRecipeToPixels(item.image, recipe, id);
    return { id, pixels };
  } catch (error) {
    if (isAppError(error) && pictureFaults.has(error.code)) {
      // Without the place, which may be a folder of this machine: the same row on every machine.
      return { id, error: { code: error.code, message: error.summary } };
    }
    throw error;
  }
}

type Ask = (pixels: Uint8Array) => Promise<BundleAnswers>;

/** Calls of an engine that takes one at a time follow each other. */
function inTurns(bundle: LoadedBundle): Ask {
  if (bundle.runs === "concurrent") return (pixels) => bundle.answer(pixels);
  let last: Promise<unknown> = Promise.resolve();
  return (pixels) => {
    const answer = last.then(() => bundle.answer(pixels));
    last = answer.catch(() => undefined);
    return answer;
  };
}

async function rowsOf(pictures: readonly Decoded[], classes: number, ask: Ask): Promise<readonly BatchRow[]> {
  const readable = pictures.filter((picture) => picture.error === undefined);
  const probabilities = readable.length === 0 ? new Float32Array(0) : (await ask(joinPixels(readable))).probabilities;
  let at = 0;
  return pictures.map((picture): BatchRow => {
    if (picture.error !== undefined) return { id: picture.id, error: picture.error };
    const row = probabilities.subarray(at * classes, ++at * classes);
    if (row.length !== classes) throw tooFewAnswers(classes, row.length, picture.id);
    return { id: picture.id, probabilities: Array.from(row, round) };
  });
}

/** Six digits that count, as `predict` prints them. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}

function tooFewAnswers(classes: number, received: number, where: string): AppError {
  return new AppError("EXECUTION_FAILED", {
    required: `${classes} probabilities for each picture`,
    received: `${received}`,
    where,
  });
}
