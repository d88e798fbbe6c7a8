/** A loaded bundle in service: its batcher, its explainer on demand, and the count of its users. */
import { sha256 } from "../../base/hash.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import type { SourcedBundle } from "../../bundle/bundle-source.ts";
import { type LoadedBundle, loadBundle } from "../../bundle/load-bundle.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { applyRecipe, recipeSizeBytes } from "../../image/recipe.ts";
import { type BatchedAnswers, createBatcher, type Urgency } from "../../predict/batcher.ts";
import type { Explainer } from "../../predict/explain/explain.ts";
import type { EngineFactory, Executor } from "../../runtime/executor.ts";
import { type ModelStatistics, recordStatistics } from "./model-statistics.ts";

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
  explainer(): Promise<Explainer>;
  /** Requests that wait for the engine. */
  readonly waiting: number;
  /** Adds a user; the returned function removes it again. */
  lease(): () => void;
  /** Waits for the present users, then frees the model. */
  retire(): Promise<void>;
}

export interface ServedModelOptions {
  readonly name: string;
  /** Runs the model; its programs accept overlapping runs. */
  readonly executor: Executor<"concurrent">;
  /** Opened for the graphs of heat maps, when the first one is asked for. */
  readonly openExplainEngine: EngineFactory;
  readonly maximumBatch: number;
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onBatch?: (pictures: number) => void;
}

/** Batches at the engine: one runs, one is ready, so that it never idles while HTTP is busy. */
const batchesAhead = 2;

/**
 * Loads a bundle, checks its parity examples, and warms up: runs the smallest and the largest batch,
 * and decodes a picture.
 * Errors: as `loadBundle`.
 */
export async function openServedModel(
  { bytes, where }: SourcedBundle,
  { name, executor, openExplainEngine, maximumBatch, now, clock, onBatch }: ServedModelOptions,
): Promise<ServedModel> {
  const bundle = await loadBundle({ bytes, where }, executor);
  await warmUp(bundle, maximumBatch);
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
  let explainer: Promise<Explainer> | undefined;
  let users = 0;
  let onUnused: (() => void) | undefined;
  const hash = sha256(bytes);
  return {
    name,
    version: hash.slice(0, 12),
    sha256: hash,
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
    explainer() {
      const opened = explainer ?? openExplainer(bytes, where, info, openExplainEngine);
      explainer = opened;
      return opened;
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

/** Autodiff and a second engine are loaded on demand: most services never draw a heat map. */
async function openExplainer(
  bytes: Uint8Array,
  where: string,
  info: BundleInfo,
  openEngine: EngineFactory,
): Promise<Explainer> {
  const [{ createExplainer }, engine] = await Promise.all([
    import("../../predict/explain/explain.ts"),
    openEngine({ threads: 1 }),
  ]);
  return createExplainer(decodeModel(bytes, where).graph, info, engine);
}

/** A PNG of one grey pixel. */
const onePixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12Po6OgAAAM0AZkQj9/uAAAAAElFTkSuQmCC",
  "base64",
);

async function warmUp({ info, answer }: LoadedBundle, maximumBatch: number): Promise<void> {
  const decoded = applyRecipe(onePixel, info.recipe, "warm-up");
  for (const count of new Set([1, maximumBatch])) await answer(new Uint8Array(count * recipeSizeBytes(info.recipe)));
  await decoded;
}
