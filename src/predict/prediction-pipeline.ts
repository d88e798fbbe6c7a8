/** From pictures to predictions, for all callers of one bundle. */
import { throwIfCancelled } from "../base/cancel.ts";
import { type AppError, isAppError } from "../base/errors.ts";
import { countPictures, type LoadedBundle } from "../bundle/load-bundle.ts";
import { applyRecipe } from "../image/apply-recipe.ts";
import { defaultConcurrency } from "../image/in-parallel.ts";
import { createBatcher, joinPixels } from "./batcher.ts";
import { createGate } from "./gate.ts";
import { type NamedPicture, readPicture } from "./picture-source.ts";
import { type Prediction, predictionOf } from "./prediction.ts";

type PictureOutcome =
  | { readonly name: string; readonly prediction: Prediction; readonly error?: undefined }
  | { readonly name: string; readonly prediction?: undefined; readonly error: AppError };

type DecodedPicture =
  | { readonly name: string; readonly pixels: Uint8Array; readonly error?: undefined }
  | { readonly name: string; readonly pixels?: undefined; readonly error: AppError };

const patient = { deadline: Number.POSITIVE_INFINITY, isGone: false };

/** One bound on decoding and one batcher, whoever calls; at most `batchSize` pictures at once. */
export function createPredictionPipeline(bundle: LoadedBundle, batchSize: number) {
  const { labels, recipe } = bundle.info;
  const now = (): number => performance.now();
  const batcher = createBatcher({ engine: bundle, maximumBatch: batchSize, batchesAhead: 1, now });
  const decoding = createGate({ slots: defaultConcurrency, now });

  async function predictPixels(pixels: Uint8Array): Promise<Prediction[]> {
    // Checked before the batcher joins it with other callers' pixels.
    const count = countPictures(pixels, recipe);
    const { probabilities } = await batcher.submit(pixels, count, patient);
    return Array.from({ length: count }, (_, row) =>
      predictionOf(labels, probabilities.subarray(row * labels.length, (row + 1) * labels.length)),
    );
  }

  async function decode(named: NamedPicture, signal: AbortSignal | undefined): Promise<DecodedPicture> {
    if (named.error !== undefined) return named;
    const { name, picture } = named;
    try {
      const pixels = await decoding.pass(patient, async () => {
        throwIfCancelled(signal);
        return applyRecipe(await readPicture(picture, name), recipe, name);
      });
      return { name, pixels };
    } catch (error) {
      return { name, error: pictureFault(error) };
    }
  }

  async function predictDecoded(pictures: readonly DecodedPicture[]): Promise<readonly PictureOutcome[]> {
    const readable = pictures.filter((picture) => picture.error === undefined);
    const predictions = readable.length === 0 ? [] : await predictPixels(joinPixels(readable));
    let at = 0;
    return pictures.map(({ name, error }) =>
      error === undefined ? { name, prediction: predictions[at++]! } : { name, error },
    );
  }

  /** While one batch is computed the next is decoded. */
  async function* predictInBatches(pictures: readonly NamedPicture[], signal: AbortSignal | undefined) {
    const decodeFrom = (start: number): Promise<readonly DecodedPicture[]> => {
      const batch = Promise.all(pictures.slice(start, start + batchSize).map((picture) => decode(picture, signal)));
      // Awaited a round later, or never: until then a failure must not count as unhandled.
      batch.catch(() => undefined);
      return batch;
    };
    let upcoming = decodeFrom(0);
    for (let start = 0; start < pictures.length; start += batchSize) {
      throwIfCancelled(signal);
      const decoded = await upcoming;
      upcoming = decodeFrom(start + batchSize);
      yield await predictDecoded(decoded);
    }
  }

  return { predictPixels, predictInBatches };
}

export type PredictionPipeline = ReturnType<typeof createPredictionPipeline>;

/** What is wrong with the picture; anything unforeseen is thrown on. */
export function pictureFault(error: unknown): AppError {
  if (isAppError(error) && error.code !== "INTERRUPTED" && error.kind !== "internal") return error;
  throw error;
}
