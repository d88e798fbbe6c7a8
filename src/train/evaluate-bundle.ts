/** Evaluates a finished bundle on labelled pictures, by the same split rule as training. */
import { AppError, type Logger, type Progress, silentLogger, silentProgress, throwIfCancelled } from "../base/index.ts";
import { batches, createBatch, indicesOf, type Pack } from "../dataset/pack/index.ts";
import { type Split, splits } from "../dataset/sources/source.ts";
import { recipeSizeBytes } from "../image/recipe.ts";
import type { BundleInfo } from "../registry/bundle.ts";
import type { LoadedBundle } from "../registry/load-bundle.ts";
import { type Evaluation, evaluateAnswers } from "./classification-metrics.ts";
import { preparePack } from "./prepare-pack.ts";

export interface EvaluateBundleOptions {
  readonly bundle: LoadedBundle;
  /** What `openSource` opens, or the folder of a pack. */
  readonly data: string;
  /** Which pictures; `all` takes every one, also those that were trained on. Default test. */
  readonly split?: Split | "all";
  /** Where packs are kept; in memory alone where left out. */
  readonly packs?: string;
  readonly strict?: boolean;
  readonly batchSize?: number;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

export interface BundleEvaluation {
  readonly split: Split | "all";
  readonly evaluation: Evaluation;
  readonly datasetHash: string;
  /** Whether the data is what the bundle was trained from, picture by picture and label by label. */
  readonly isTrainingData: boolean;
}

/**
 * Errors: those of `openSource` and `buildPack`; DATASET_LABELS_DIFFER where the data has a class that the bundle does not know;
 * DATASET_EMPTY where the split holds no pictures; INTERRUPTED.
 */
export async function evaluateBundle(options: EvaluateBundleOptions): Promise<BundleEvaluation> {
  const { bundle, data, split = "test", logger = silentLogger } = options;
  const pack = await packFor(bundle.info, options);
  const targets = targetsFor(bundle.info, pack);
  const missing = bundle.info.labels.filter((label) => !pack.labels.includes(label));
  if (missing.length > 0) logger.warn(`the data has no pictures of ${missing.join(", ")}`);
  const isTrainingData = pack.hash === bundle.info.lineage.datasetHash;
  if (!isTrainingData) {
    logger.warn("this data is not the set that the bundle was trained from", {
      data: pack.hash.slice(0, 12),
      trained: bundle.info.lineage.datasetHash.slice(0, 12),
    });
  }
  const answered = await answerAll(bundle, { ...pack, targets }, options).finally(() => pack.pixels.close());
  if (answered.targets.length === 0) {
    throw new AppError("DATASET_EMPTY", { required: `pictures in the ${split} split`, received: "none", where: data });
  }
  return {
    split,
    evaluation: evaluateAnswers(answered, bundle.info.labels),
    datasetHash: pack.hash,
    isTrainingData,
  };
}

async function packFor(info: BundleInfo, options: EvaluateBundleOptions): Promise<Pack> {
  const { pack } = await preparePack({
    ...options,
    // Without a split to fill, a class may be as small as one picture.
    splits: options.split === "all" ? { proportions: { train: 1, val: 0, test: 0 } } : (info.lineage.splits ?? {}),
    async recipeFor(_own, _source, labels) {
      requireKnown(info, await labels(), options.data);
      return info.recipe;
    },
  });
  return pack;
}

/** The data may hold fewer classes than the bundle, not others. Asked before anything is decoded. */
function requireKnown({ labels }: BundleInfo, given: readonly string[], where: string): void {
  const unknown = given.filter((label) => !labels.includes(label));
  if (unknown.length === 0) return;
  throw new AppError("DATASET_LABELS_DIFFER", {
    required: `pictures of the bundle's classes: ${shorten(labels)}`,
    received: shorten(unknown),
    where,
    hint: "name folders (or files) by the bundle's labels; pawprint inspect MODEL shows them",
  });
}

/** Class indices as the bundle counts them. */
function targetsFor({ labels }: BundleInfo, pack: Pack): Int32Array {
  const indexOf = pack.labels.map((label) => labels.indexOf(label));
  return pack.targets.map((target) => indexOf[target]!);
}

async function answerAll(bundle: LoadedBundle, pack: Pack, options: EvaluateBundleOptions) {
  const { split = "test", batchSize = 64, progress = silentProgress, signal } = options;
  const sides: readonly Split[] = split === "all" ? splits : [split];
  const total = sides.reduce((sum, side) => sum + indicesOf(pack, side).length, 0);
  const classes = bundle.info.labels.length;
  const logits = new Float32Array(total * classes);
  const targets = new Int32Array(total);
  const batch = createBatch(pack, batchSize);
  const task = progress.start({ label: "evaluate", total, unit: "images" });
  let done = 0;
  try {
    for (const side of sides) {
      for await (const { pixels, targets: expected, count } of batches(pack, side, {
        batchSize,
        last: "pad",
        into: batch,
      })) {
        throwIfCancelled(signal);
        const answers = await bundle.answer(pixels.subarray(0, count * recipeSizeBytes(pack.recipe)));
        logits.set(answers.logits, done * classes);
        targets.set(expected.subarray(0, count), done);
        done += count;
        task.advance(count);
      }
    }
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return { logits, targets };
}

function shorten(labels: readonly string[]): string {
  const shown = labels.slice(0, 8).join(", ");
  return labels.length > 8 ? `${shown} and ${labels.length - 8} more` : shown;
}
