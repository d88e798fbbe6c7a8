/** Predictions from a bundle: for pixels at hand, and for picture files in any number. */
import { resolve } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import type { BundleInfo } from "../bundle/bundle.ts";
import { type BundleInput, loadBundle } from "../bundle/load-bundle.ts";
import { readPictureFile } from "../image/decode.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import { applyRecipe, recipeSizeBytes } from "../image/recipe.ts";
import { indexOfLargest } from "../metrics/classification-metrics.ts";
import type { Executor } from "../runtime/executor.ts";
import { type ListedPicture, listPictures } from "./list-pictures.ts";

export interface Prediction {
  /** The class with the highest probability, the first of equals. */
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly confidence: number;
  /** Every class with its probability. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface PredictedFile extends Prediction {
  readonly file: string;
  readonly error?: undefined;
}

export interface UnreadableFile {
  readonly file: string;
  readonly error: AppError;
}

export type FilePrediction = PredictedFile | UnreadableFile;

export interface PredictFilesOptions {
  /** Where relative paths start; the process's folder unless given. */
  readonly cwd?: string;
  /** End with the error of the first picture that cannot be used, instead of going on. */
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface PredictorOptions {
  readonly executor: Executor;
  /** Pictures that go through the graph at once. Default 32. */
  readonly batchSize?: number;
}

/** A bundle that is ready to predict. Its calls must not overlap. */
export interface Predictor {
  readonly info: BundleInfo;
  /**
   * Predictions for pictures that have gone through the recipe: uint8 `[N,H,W,C]`. Errors:
   * EXECUTION_INPUT, EXECUTION_FAILED.
   */
  predict(pixels: Uint8Array): Promise<Prediction[]>;
  /**
   * Predictions for picture files, in the order of `listPictures`: while one batch is computed the
   * next is decoded. A picture that cannot be used gives a row with its error. Errors: INTERRUPTED;
   * with `strict` that of the first such picture.
   */
  predictFiles(
    paths: readonly string[],
    options?: PredictFilesOptions,
  ): AsyncGenerator<FilePrediction, void, undefined>;
  close(): Promise<void>;
}

/** Opens a bundle and verifies its parity examples. Errors: as `loadBundle`. */
export async function openPredictor(
  input: BundleInput,
  { batchSize = 32, executor }: PredictorOptions,
): Promise<Predictor> {
  const bundle = await loadBundle(input, executor);
  const { info } = bundle;
  const predict = async (pixels: Uint8Array): Promise<Prediction[]> => {
    const { probabilities } = await bundle.answer(pixels);
    const classes = info.labels.length;
    return Array.from({ length: probabilities.length / classes }, (_, row) =>
      predictionOf(info.labels, probabilities.subarray(row * classes, (row + 1) * classes)),
    );
  };

  async function* predictFiles(
    paths: readonly string[],
    { cwd = process.cwd(), strict = false, signal, progress = silentProgress }: PredictFilesOptions = {},
  ): AsyncGenerator<FilePrediction, void, undefined> {
    const files = await listPictures(paths, cwd);
    const task = progress.start({ label: "predict", total: files.length, unit: "pictures" });
    const decodeFrom = (start: number): Promise<DecodedBatch> => {
      const batch = decodeBatch(files.slice(start, start + batchSize), info, cwd, signal);
      // It may be awaited a round later, or never: until then a failure must not count as
      // unhandled.
      batch.catch(() => undefined);
      return batch;
    };
    let failed = 0;
    let isComplete = false;
    try {
      let upcoming = decodeFrom(0);
      for (let start = 0; start < files.length; start += batchSize) {
        throwIfCancelled(signal);
        const { rows, pixels } = await upcoming;
        upcoming = decodeFrom(start + batchSize);
        const predictions = pixels.length === 0 ? [] : await predict(pixels);
        for (const { file, error, at } of rows) {
          if (error !== undefined && strict) throw error;
          if (error !== undefined) failed++;
          task.advance();
          yield error === undefined ? { file, ...predictions[at]! } : { file, error };
        }
      }
      isComplete = true;
    } finally {
      if (isComplete) task.done(failed > 0 ? `${failed} could not be used` : undefined);
      else task.fail();
    }
  }

  return { info, predict, predictFiles, close: () => bundle.close() };
}

/** The label, its confidence and all probabilities of one row. */
export function predictionOf(labels: readonly string[], probabilities: ArrayLike<number>): Prediction {
  const best = indexOfLargest(probabilities);
  return {
    label: labels[best]!,
    confidence: probabilities[best]!,
    probabilities: Object.fromEntries(labels.map((label, index) => [label, probabilities[index]!])),
  };
}

interface DecodedBatch {
  /** `at` is the picture's row in `pixels` where it has no error. */
  readonly rows: readonly (ListedPicture & { readonly at: number })[];
  /** uint8 `[readable,H,W,C]` */
  readonly pixels: Uint8Array;
}

async function decodeBatch(
  files: readonly ListedPicture[],
  { recipe }: BundleInfo,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<DecodedBatch> {
  const decoded = new Array<Uint8Array | AppError>(files.length);
  const decode = async (file: string): Promise<Uint8Array> =>
    applyRecipe(await readPictureFile(resolve(cwd, file)), recipe, file);
  await forEachInParallel(
    files,
    async ({ file, error }, index) => {
      decoded[index] = error ?? (await decode(file).catch(pictureFault));
    },
    { signal },
  );
  const readable = decoded.filter((picture) => picture instanceof Uint8Array);
  const pixels = new Uint8Array(readable.length * recipeSizeBytes(recipe));
  readable.forEach((picture, at) => {
    pixels.set(picture, at * recipeSizeBytes(recipe));
  });
  let at = 0;
  const rows = files.map(({ file }, index) => {
    const picture = decoded[index]!;
    return picture instanceof AppError ? { file, error: picture, at: -1 } : { file, at: at++ };
  });
  return { rows, pixels };
}

/** What is wrong with the picture; anything that nobody foresaw goes on being thrown. */
function pictureFault(error: unknown): AppError {
  if (isAppError(error) && error.code !== "INTERRUPTED" && error.kind !== "internal") return error;
  throw error;
}
