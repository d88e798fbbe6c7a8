/** What a program embeds: predictions from a bundle, for any number of pictures and callers. */
import { resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import type { BundleInfo } from "../bundle/bundle.ts";
import { type BundleInput, loadBundle } from "../bundle/load-bundle.ts";
import type { Executor } from "../runtime/executor.ts";
import { listPictures } from "./list-pictures.ts";
import { namePictures, type PictureSource } from "./picture-source.ts";
import type { Prediction } from "./prediction.ts";
import { createPredictionPipeline } from "./prediction-pipeline.ts";

export interface PredictedFile extends Prediction {
  readonly file: string;
  readonly error?: undefined;
}

export interface UnreadableFile {
  readonly file: string;
  readonly error: AppError;
}

/** The row of one picture file: its prediction, or the error that it gave instead. */
export type FilePrediction = PredictedFile | UnreadableFile;

export interface PredictFilesOptions {
  /** Where relative paths start; the process's folder unless given. */
  readonly cwd?: string;
  /** End with the error of the first picture that cannot be used, instead of going on. */
  readonly strict?: boolean;
  /** Enter linked folders, and take files that links lead to outside. Default false. */
  readonly followLinks?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Is told which files of folders are left out, and why. */
  readonly logger?: Logger;
}

export interface PredictorOptions {
  readonly executor: Executor;
  /** Pictures that go through the graph at once. Default 32. */
  readonly batchSize?: number;
}

/** A bundle that is ready to predict. Calls may overlap: those that wait share batches. */
export interface Predictor {
  readonly info: BundleInfo;
  /**
   * Predictions for encoded pictures, in their order, decoded through the bundle's recipe. The
   * first picture that cannot be used rejects the whole call with its error, which names the path
   * or the place in the list (`pictures[2]`). For an outcome of each picture make a call for each,
   * with `Promise.allSettled`: overlapping calls cost no more than one.
   * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, IMAGE_UNREADABLE, IMAGE_SIZE, INTERRUPTED,
   * EXECUTION_FAILED, also after `close`.
   */
  predictPictures(
    pictures: PictureSource | readonly PictureSource[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<Prediction[]>;
  /**
   * Predictions for pixels that have gone through the recipe: uint8 `[N,H,W,C]`, not to be changed
   * before the answer is there. Errors: EXECUTION_INPUT, EXECUTION_FAILED.
   */
  predictPixels(pixels: Uint8Array): Promise<Prediction[]>;
  /**
   * Predictions for picture files and folders, in the order of `listPictures`. A picture that
   * cannot be used gives a row with its error.
   * Errors: INTERRUPTED, EXECUTION_FAILED; with `strict` that of the first such picture.
   */
  predictFiles(
    paths: readonly string[],
    options?: PredictFilesOptions,
  ): AsyncGenerator<FilePrediction, void, undefined>;
  /** Waits for the calls under way, then gives the engine's memory back. Later calls fail. */
  close(): Promise<void>;
}

/** Opens a bundle and verifies its parity examples. Errors: as `loadBundle`. */
export async function openPredictor(
  input: BundleInput,
  { batchSize = 32, executor }: PredictorOptions,
): Promise<Predictor> {
  const bundle = await loadBundle(input, executor);
  const pipeline = createPredictionPipeline(bundle, batchSize);
  const calls = trackCalls();

  return {
    info: bundle.info,

    predictPictures: (pictures, { signal } = {}) =>
      calls.run(async () => {
        const predictions: Prediction[] = [];
        for await (const batch of pipeline.predictInBatches(namePictures(pictures), signal)) {
          for (const { error, prediction } of batch) {
            if (error !== undefined) throw error;
            predictions.push(prediction);
          }
        }
        return predictions;
      }),

    predictPixels: (pixels) => calls.run(() => pipeline.predictPixels(pixels)),

    async *predictFiles(paths, options = {}) {
      const { cwd = process.cwd(), strict = false, followLinks = false, signal } = options;
      const { progress = silentProgress, logger = silentLogger } = options;
      const files = await listPictures(paths, { cwd, followLinks, logger });
      const task = progress.start({ label: "predict", total: files.length, unit: "pictures" });
      const pictures = files.map(({ file, error }) =>
        error === undefined ? { name: file, picture: resolve(cwd, file) } : { name: file, error },
      );
      const batches = pipeline.predictInBatches(pictures, signal);
      let failed = 0;
      let isComplete = false;
      try {
        for (;;) {
          // A call for each batch: `close` must not wait for a reader that stopped half way.
          const next = await calls.run(() => batches.next());
          if (next.done) break;
          for (const { name: file, error, prediction } of next.value) {
            if (error !== undefined && strict) throw error;
            if (error !== undefined) failed++;
            task.advance();
            yield error === undefined ? { file, ...prediction } : { file, error };
          }
        }
        isComplete = true;
      } finally {
        if (isComplete) task.done(failed > 0 ? `${failed} could not be used` : undefined);
        else task.fail();
      }
    },

    close: () => calls.end(() => bundle.close()),
  };
}

/** Calls under way, so that what they use outlives them. */
function trackCalls() {
  const underWay = new Set<Promise<unknown>>();
  let ending: Promise<void> | undefined;
  return {
    async run<T>(call: () => Promise<T>): Promise<T> {
      if (ending !== undefined) {
        throw new AppError("EXECUTION_FAILED", { required: "an open predictor", received: "one that was closed" });
      }
      const running = call();
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
      }
    },
    /** Once only; a second call joins the first. */
    end(release: () => Promise<void>): Promise<void> {
      ending ??= Promise.allSettled(underWay).then(release);
      return ending;
    },
  };
}
