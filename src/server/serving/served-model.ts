/** A loaded bundle in service: its batcher, its explainer on demand, and the count of its users. */
import { AppError } from "../../base/errors.ts";
import { counted } from "../../base/quantity.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import type { SourcedBundle } from "../../bundle/bundle-source.ts";
import { type LoadedBundle, openBundle } from "../../bundle/load-bundle.ts";
import { requireSoundAnswers } from "../../bundle/parity.ts";
import { type BundleReading, readBundleInThread } from "../../bundle/read-in-thread.ts";
import { applyRecipe } from "../../image/apply-recipe.ts";
import { type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import { type BatchedAnswers, createBatcher, type Urgency } from "../../predict/batcher.ts";
import type { DrawingExplainer, ExplainerFactory } from "../../predict/explain/explainer-thread.ts";
import type { ThreadedExecutor } from "../../runtime/executor.ts";
import { type ModelStatistics, recordStatistics } from "./model-statistics.ts";
import { openWithin } from "./open-within.ts";

export interface ServedModel {
  readonly name: string;
  /**
   * The first 12 digits of the bundle's SHA-256: the same bytes are the same version everywhere.
   */
  readonly version: string;
  readonly sha256: string;
  /** Where the bundle was read from. */
  readonly source: string;
  readonly info: BundleInfo;
  /** Of every request that reached it, those of comparisons and heat maps among them. */
  readonly statistics: ModelStatistics;
  /**
   * Answers for uint8 `[count,H,W,C]`, which took `decodeMs` to make. Errors: as `Batcher.submit`.
   */
  infer(pixels: Uint8Array, count: number, urgency: Urgency, decodeMs?: number): Promise<BatchedAnswers>;
  /** Made on first use. Errors: BUNDLE_INVALID where the network has no feature map. */
  explainer(): Promise<DrawingExplainer>;
  /** Requests that wait for the engine. */
  readonly waiting: number;
  /** Adds a user; the returned function removes it again. */
  lease(): () => void;
  /** Waits for the present users, then frees the model. */
  retire(): Promise<void>;
}

export interface ServedModelOptions {
  readonly name: string;
  readonly executor: ThreadedExecutor;
  /** Called when the first heat map is asked for. */
  readonly openExplainer: ExplainerFactory;
  readonly maximumBatch: number;
  /** How long a bundle may take until it is ready to answer. */
  readonly loadTimeoutMs: number;
  /** Takes bundles without parity examples, which nothing says the answers of. */
  readonly allowUnverified: boolean;
  /** Answers hold the embedding, too, of bundles that have one. */
  readonly embedding: boolean;
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onBatch?: (pictures: number) => void;
}

/** Batches at the engine: one runs, one is ready, so that it never idles while HTTP is busy. */
const batchesAhead = 2;

/** Bytes of pixels in one batch: pictures of more than 1,100 pixels a side go in smaller ones. */
const batchBytes = 64 * 2 ** 20;

/**
 * Loads a bundle, checks its parity examples, and warms up: runs the smallest and the largest batch,
 * and decodes a picture. Where any of it fails, or `signal` is aborted, nothing of it stays.
 * Errors: as `loadBundle`; BUNDLE_INVALID too for one that takes longer than `loadTimeoutMs`, and
 * for one without parity examples.
 */
export async function openServedModel(
  sourced: SourcedBundle,
  options: ServedModelOptions,
  signal?: AbortSignal,
): Promise<ServedModel> {
  const { loadTimeoutMs } = options;
  const tooLong = (): AppError =>
    new AppError("BUNDLE_INVALID", {
      required: `a bundle that is ready within ${loadTimeoutMs} ms`,
      received: "one that takes longer",
      where: sourced.where,
      hint: "raise `loadTimeoutMs`, or reload it when the machine is less busy",
    });
  return openWithin(
    { timeoutMs: loadTimeoutMs, tooLong, signal },
    async (ending) => openModel(sourced, options, ending),
    (model) => model.retire(),
  );
}

async function openModel(
  sourced: SourcedBundle,
  options: ServedModelOptions,
  ending: AbortSignal,
): Promise<ServedModel> {
  const reading = await readBundleInThread({ ...sourced, embedding: options.embedding }, ending);
  if (reading.info.parity.length === 0 && !options.allowUnverified) throw unverified(sourced.where);
  const program = await options.executor.open(reading.model, ending);
  const { info, questions } = reading;
  const bundle = await openBundle(program, options.executor.runs, info, questions, sourced.where);
  const maximumBatch = batchOf(info.recipe, options.maximumBatch);
  try {
    await warmUp(bundle, maximumBatch, sourced.where);
  } catch (error) {
    await bundle.close();
    throw error;
  }
  return servedModel(bundle, reading, sourced.where, { ...options, maximumBatch });
}

function unverified(where: string): AppError {
  return new AppError("BUNDLE_INVALID", {
    required: "a bundle with parity examples, by which its answers can be checked",
    received: "none",
    where,
    hint: "export it with Pawprint, or give `allowUnverified` to serve it unchecked",
  });
}

function batchOf(recipe: Recipe, maximumBatch: number): number {
  return Math.max(1, Math.min(maximumBatch, Math.floor(batchBytes / recipeSizeBytes(recipe))));
}

function servedModel(
  bundle: LoadedBundle<"concurrent">,
  { bytes, sha256 }: Pick<BundleReading, "bytes" | "sha256">,
  where: string,
  { name, openExplainer, maximumBatch, now, clock, onBatch }: ServedModelOptions,
): ServedModel {
  const { info } = bundle;
  const statistics = recordStatistics(clock);
  const batcher = createBatcher({
    engine: bundle,
    maximumBatch,
    batchesAhead,
    now,
    onBatch(pictures, ms) {
      statistics.ranBatch(pictures, ms);
      onBatch?.(pictures);
    },
  });
  let explainer: Promise<DrawingExplainer> | undefined;
  let users = 0;
  let onUnused: (() => void) | undefined;
  return {
    name,
    version: sha256.slice(0, 12),
    sha256,
    source: where,
    info,
    statistics: statistics.current,
    async infer(pixels, count, urgency, decodeMs = 0) {
      const startedAt = now();
      try {
        const answers = await batcher.submit(pixels, count, urgency);
        const { queueMs, inferenceMs } = answers;
        const totalMs = decodeMs + now() - startedAt;
        statistics.answered({ pictures: count, decodeMs, queueMs, inferenceMs, totalMs });
        return answers;
      } catch (error) {
        statistics.failed(decodeMs + now() - startedAt);
        throw error;
      }
    },
    async explainer() {
      const last = explainer;
      // A thread that failed is replaced.
      if (last !== undefined && !(await last).isOpen && explainer === last) explainer = undefined;
      explainer ??= openExplainer({ bytes, where }).catch((error: unknown) => {
        explainer = undefined; // the next caller tries again
        throw error;
      });
      return explainer;
    },
    get waiting() {
      return batcher.waiting;
    },
    lease() {
      users++;
      let isOut = false;
      return () => {
        if (isOut) return;
        isOut = true;
        users--;
        if (users === 0) onUnused?.();
      };
    },
    async retire() {
      if (users > 0) {
        await new Promise<void>((resolve) => {
          onUnused = resolve;
        });
      }
      await batcher.idle();
      await (await explainer?.catch(() => undefined))?.close();
      await bundle.close();
    },
  };
}

/** A PNG of one grey pixel. */
const onePixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12Po6OgAAAM0AZkQj9/uAAAAAElFTkSuQmCC",
  "base64",
);

async function warmUp({ info, answer }: LoadedBundle, maximumBatch: number, where: string): Promise<void> {
  const decoded = applyRecipe(onePixel, info.recipe, "warm-up");
  for (const count of new Set([1, maximumBatch])) {
    const answers = await answer(new Uint8Array(count * recipeSizeBytes(info.recipe)));
    requireSoundAnswers(answers, info.labels.length, `${where}, ${counted(count, "black picture")}`);
  }
  await decoded;
}
