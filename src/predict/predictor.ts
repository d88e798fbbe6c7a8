/** What a program embeds: predictions from a bundle, for any number of pictures and callers. */
import { isUint8Array } from "node:util/types";
import { describeValue } from "../base/describe-value.ts";
import { AppError } from "../base/errors.ts";
import type { FileSource } from "../base/files/file-source.ts";
import { optionsSchema, readOptions, SignalOption } from "../base/schema/options.ts";
import type { BundleInfo } from "../bundle/bundle.ts";
import { type BundleInput, loadBundle } from "../bundle/load-bundle.ts";
import { sniffFormat } from "../image/format.ts";
import { type Recipe, recipeSizeBytes } from "../image/recipe.ts";
import type { Executor } from "../runtime/executor.ts";
import { trackCalls } from "./call-tracker.ts";
import { type NamedPicture, namePicture, namePictures } from "./picture-source.ts";
import { type FilePrediction, type PredictFilesOptions, predictFiles } from "./predict-files.ts";
import type { Prediction } from "./prediction.ts";
import { createPredictionPipeline } from "./prediction-pipeline.ts";

export interface PredictOptions {
  readonly signal?: AbortSignal;
}

const predictOptions = optionsSchema<PredictOptions>({ signal: SignalOption });

export interface PredictorOptions {
  readonly executor: Executor;
  /** Pictures that go through the graph at once. Default 32. */
  readonly batchSize?: number;
}

/** A bundle that is ready to predict. Calls may overlap: those that wait share batches. */
export interface Predictor {
  readonly info: BundleInfo;
  /**
   * The prediction for one encoded picture (JPEG, PNG, ...), decoded through the bundle's recipe.
   * Errors: as `predictPictures`.
   */
  predict(picture: FileSource, options?: PredictOptions): Promise<Prediction>;
  /**
   * Predictions for encoded pictures, in their order, decoded through the bundle's recipe. The
   * first picture that cannot be used rejects the whole call with its error, which names the path
   * or the place in the list (`pictures[2]`). For an outcome of each picture make a call for each,
   * with `Promise.allSettled`: overlapping calls cost no more than one.
   * Errors: ARGUMENT_INVALID before anything is read, where one is no picture source;
   * FILE_NOT_FOUND, FILE_READ_FAILED, IMAGE_UNREADABLE, IMAGE_SIZE, INTERRUPTED, EXECUTION_FAILED,
   * also after `close`.
   */
  predictPictures(pictures: FileSource | readonly FileSource[], options?: PredictOptions): Promise<Prediction[]>;
  /**
   * Predictions for pixels that have gone through the recipe: uint8 `[N,H,W,C]`, not to be changed
   * before the answer is there. Errors: ARGUMENT_INVALID, EXECUTION_INPUT, EXECUTION_FAILED.
   */
  predictPixels(pixels: Uint8Array): Promise<Prediction[]>;
  /**
   * Predictions for picture files and folders, in the order of `listPictures`. A picture that
   * cannot be used gives a row with its error.
   * Errors: ARGUMENT_INVALID, INTERRUPTED, EXECUTION_FAILED; with `strict` that of the first such picture.
   */
  predictFiles(
    paths: string | readonly string[],
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

  const predictAll = async (pictures: readonly NamedPicture[], signal: AbortSignal | undefined) => {
    const predictions: Prediction[] = [];
    for await (const batch of pipeline.predictInBatches(pictures, signal)) {
      for (const { error, prediction } of batch) {
        if (error !== undefined) throw error;
        predictions.push(prediction);
      }
    }
    return predictions;
  };

  return {
    info: bundle.info,

    predict: (picture, options) =>
      calls.run(async () => {
        const { signal } = readOptions(predictOptions, options, "predict");
        const [prediction] = await predictAll([namePicture(picture, "picture")], signal);
        return prediction!; // one picture, one prediction
      }),

    predictPictures: (pictures, options) =>
      calls.run(async () => {
        const { signal } = readOptions(predictOptions, options, "predictPictures");
        return predictAll(namePictures(pictures), signal);
      }),

    predictPixels: (pixels) =>
      calls.run(async () => {
        requirePixels(pixels, bundle.info.recipe);
        return pipeline.predictPixels(pixels);
      }),

    predictFiles: (paths, options) => predictFiles(pipeline, calls, paths, options),

    close: () => calls.end(() => bundle.close()),
  };
}

/**
 * Errors: ARGUMENT_INVALID for what is no array of bytes, and for a picture file, which pixels of
 * the right number are not taken for.
 */
function requirePixels(pixels: unknown, recipe: Recipe): asserts pixels is Uint8Array {
  const isBytes = isUint8Array(pixels);
  const isWhole = isBytes && pixels.length % recipeSizeBytes(recipe) === 0;
  const format = isBytes && !isWhole ? sniffFormat(pixels) : undefined;
  if (isBytes && format === undefined) return;
  throw new AppError("ARGUMENT_INVALID", {
    required: "pixels that have gone through the recipe, as a Uint8Array",
    received: format === undefined ? describeValue(pixels) : `the bytes of a picture file (${format})`,
    where: "pixels",
    hint: "predict takes picture files: their bytes, a Blob or a path",
  });
}
