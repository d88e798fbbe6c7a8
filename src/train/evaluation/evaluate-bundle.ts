/** Evaluates a bundle on labelled pictures, split as for training; and compares it with another. */
import { AppError } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import type { Split } from "../../dataset/sources/source.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { compareAnswers, type ModelComparison } from "../../metrics/compare-answers.ts";
import { chosenIndices, openBundlePack } from "./bundle-pack.ts";
import { type EvaluationOptions, evaluateOn, type ModelEvaluation } from "./model-evaluation.ts";
import type { SplitPredictions } from "./predict-split.ts";

export interface EvaluateBundleOptions extends Omit<EvaluationOptions, "split"> {
  readonly bundle: LoadedBundle;
  /** Which pictures; `all` takes every one, also those that were trained on. Default test. */
  readonly split?: Split | "all";
  /** A second bundle, which predicts the same pictures. */
  readonly against?: LoadedBundle;
}

export interface BundleEvaluation extends ModelEvaluation {
  readonly split: Split | "all";
  readonly datasetHash: string;
  /** The pictures of analysis and comparison by id, uint8 `[H,W,C]` under the bundle's recipe. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
  readonly against?: AgainstEvaluation;
}

export interface AgainstEvaluation extends ModelEvaluation {
  readonly labels: readonly string[];
  readonly comparison: ModelComparison;
  /** How many of these pictures the second bundle was trained on, where that is known. */
  readonly trainedOn?: number;
}

/**
 * Errors: those of `openBundlePack`; DATASET_EMPTY where the split holds no pictures;
 * SOURCE_CHANGED where the second bundle finds other pictures than the first; INTERRUPTED.
 */
export async function evaluateBundle(options: EvaluateBundleOptions): Promise<BundleEvaluation> {
  const settings = { ...options, split: options.split ?? "test" };
  const pack = await openBundlePack(options.bundle.info, settings);
  try {
    return await evaluateOnPack(pack, settings);
  } finally {
    await pack.pixels.close();
  }
}

/**
 * The same on a pack that is open, and stays so: under the recipe of the (first) bundle, with its
 * class indices as targets.
 */
export async function evaluateOnPack(
  pack: Pack,
  { bundle, against: second, ...settings }: EvaluateBundleOptions & EvaluationOptions,
): Promise<BundleEvaluation> {
  const { data, split } = settings;
  const indices = chosenIndices(pack, split, data);
  const first = await evaluateOn(bundle, pack, indices, settings);
  const against = second && (await evaluateAgainst(second, bundle, first.answered, settings));
  const rows = new Set(
    [
      first.wrong,
      ...first.cells.map(({ pictures }) => pictures),
      against?.comparison.onlyFirstRight,
      against?.comparison.onlySecondRight,
    ].flatMap((pictures) => (pictures ?? []).map(({ row }) => row)),
  );
  return {
    ...first,
    split,
    datasetHash: pack.hash,
    pictures: await readPictures(
      pack,
      [...rows].map((row) => indices[row]!),
    ),
    ...(against && { against }),
  };
}

/** Evaluates the second bundle on the first one's pictures, by their ids, under its own recipe. */
async function evaluateAgainst(
  bundle: LoadedBundle,
  firstBundle: LoadedBundle,
  first: SplitPredictions,
  settings: EvaluationOptions,
): Promise<AgainstEvaluation> {
  const { data, split, logger = silentLogger } = settings;
  const pack = await openBundlePack(bundle.info, settings);
  try {
    const positions = new Map(pack.ids.map((id, at) => [id, at]));
    const indices = Uint32Array.from(first.ids, (id) => {
      const at = positions.get(id);
      if (at === undefined) throw missingPicture(id, data);
      return at;
    });
    const evaluated = await evaluateOn(bundle, pack, indices, { ...settings, readsSizes: false });
    const knowsSplit = split !== "all" && evaluated.isTrainingData;
    const trainedOn = knowsSplit ? indices.filter((at) => pack.splits[at] === 0).length : undefined;
    if (trainedOn !== undefined && trainedOn > 0 && split !== "train") {
      logger.warn(`the second bundle was trained on ${trainedOn} of these ${indices.length} pictures`);
    }
    const comparison = compareAnswers(
      { answers: first, labels: firstBundle.info.labels },
      { answers: evaluated.answered, labels: bundle.info.labels },
      first.ids,
    );
    return {
      ...evaluated,
      labels: bundle.info.labels,
      comparison,
      ...(trainedOn !== undefined && { trainedOn }),
    };
  } finally {
    await pack.pixels.close();
  }
}

async function readPictures(pack: Pack, indices: readonly number[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const pixels = await readPixels(pack, Uint32Array.from(indices));
  const size = recipeSizeBytes(pack.recipe);
  return new Map(indices.map((index, at) => [pack.ids[index]!, pixels.subarray(at * size, (at + 1) * size)]));
}

function missingPicture(id: string, where: string): AppError {
  return new AppError("SOURCE_CHANGED", {
    required: "the same pictures for both bundles",
    received: `no '${id}' for the second one`,
    where,
    hint: "run it again while nothing writes there",
  });
}
