/** Evaluates a finished bundle on labelled pictures, by the same split rule as training. */
import { AppError } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { isPackFolder } from "../../dataset/pack/build-pack.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import type { Split } from "../../dataset/sources/source.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { type Analysis, analyseAnswers } from "../../metrics/analyse-answers.ts";
import { compareAnswers, type ModelComparison } from "../../metrics/compare-answers.ts";
import type { Latency } from "../../metrics/latency-figures.ts";
import { readShorterSides } from "../pictures/picture-sizes.ts";
import { type AnsweredPictures, answerPictures } from "./answer-pictures.ts";
import { chosenIndices, openBundlePack } from "./bundle-pack.ts";
import { measureLatency } from "./latency.ts";

export interface EvaluateBundleOptions {
  readonly bundle: LoadedBundle;
  /** What `openSource` opens, or the folder of a pack. */
  readonly data: string;
  /** Which pictures; `all` takes every one, also those that were trained on. Default test. */
  readonly split?: Split | "all";
  /** A second bundle, asked the same pictures. */
  readonly against?: LoadedBundle;
  /** Whether to time the answers here. Default false. */
  readonly measuresLatency?: boolean;
  /**
   * Whether to read the pictures' sizes, for slices by size: every file is opened once more.
   * Default false.
   */
  readonly readsSizes?: boolean;
  /** Where packs are kept; in memory alone where left out. */
  readonly packs?: string;
  readonly strict?: boolean;
  readonly batchSize?: number;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** What one bundle answered, and what the answers are worth. */
export interface ModelEvaluation extends Analysis {
  readonly answered: AnsweredPictures;
  readonly latency?: Latency;
  /**
   * Whether the data is what the bundle was trained from, picture by picture and label by label.
   */
  readonly isTrainingData: boolean;
}

export interface BundleEvaluation extends ModelEvaluation {
  readonly split: Split | "all";
  readonly datasetHash: string;
  /**
   * uint8 `[H,W,C]` under the bundle's recipe, by id, of the pictures that the analysis and the
   * comparison name.
   */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
  readonly against?: AgainstEvaluation;
}

export interface AgainstEvaluation extends ModelEvaluation {
  readonly labels: readonly string[];
  readonly comparison: ModelComparison;
  /**
   * How many of these pictures the second bundle was trained on; absent where that is not known.
   */
  readonly trainedOn?: number;
}

type Settings = EvaluateBundleOptions & { readonly split: Split | "all" };

/**
 * Errors: those of `openBundlePack`; DATASET_EMPTY where the split holds no pictures;
 * SOURCE_CHANGED where the second bundle finds other pictures than the first; INTERRUPTED.
 */
export async function evaluateBundle(options: EvaluateBundleOptions): Promise<BundleEvaluation> {
  const settings: Settings = { ...options, split: options.split ?? "test" };
  const { bundle, data, split } = settings;
  const pack = await openPack(bundle, settings);
  try {
    const indices = chosenIndices(pack, split);
    if (indices.length === 0) {
      throw new AppError("DATASET_EMPTY", {
        required: `pictures in the ${split} split`,
        received: "none",
        where: data,
      });
    }
    const first = await evaluateOn(bundle, pack, indices, settings);
    const against = settings.against && (await evaluateAgainst(settings.against, first.answered, settings));
    const rows = new Set(
      [first.wrong, against?.comparison.onlyFirstRight, against?.comparison.onlySecondRight].flatMap((pictures) =>
        (pictures ?? []).map(({ row }) => row),
      ),
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
  } finally {
    await pack.pixels.close();
  }
}

/** Says in warnings what makes the figures mean less. */
async function openPack({ info }: LoadedBundle, settings: Settings): Promise<Pack> {
  const { logger = silentLogger } = settings;
  const pack = await openBundlePack(info, settings);
  const missing = info.labels.filter((_, index) => !pack.targets.includes(index));
  if (missing.length > 0) logger.warn(`the data has no pictures of ${missing.join(", ")}`);
  if (pack.hash !== info.lineage.datasetHash) {
    logger.warn("this data is not the set that the bundle was trained from", {
      data: pack.hash.slice(0, 12),
      trained: info.lineage.datasetHash.slice(0, 12),
    });
  }
  return pack;
}

async function evaluateOn(
  bundle: LoadedBundle,
  pack: Pack,
  indices: Uint32Array,
  settings: Settings,
): Promise<ModelEvaluation> {
  const { data, batchSize = 64, progress = silentProgress, signal, readsSizes = false } = settings;
  const answered = await answerPictures(bundle, pack, indices, { batchSize, progress, signal });
  // A pack alone does not know how large its pictures were.
  const shorterSidesPx =
    readsSizes && !(await isPackFolder(data))
      ? await readShorterSides(data, answered.ids, { progress, signal })
      : undefined;
  const { ids, brightness, temperature } = answered;
  const latency = settings.measuresLatency ? await timeAnswers(bundle, pack, indices, signal) : undefined;
  return {
    ...analyseAnswers(answered, bundle.info.labels, {
      ids,
      brightness,
      temperature,
      ...(shorterSidesPx && { shorterSidesPx }),
    }),
    answered,
    ...(latency && { latency }),
    isTrainingData: pack.hash === bundle.info.lineage.datasetHash,
  };
}

/** The second bundle sees the first one's pictures, by their names, under its own recipe. */
async function evaluateAgainst(
  bundle: LoadedBundle,
  first: AnsweredPictures,
  settings: Settings,
): Promise<AgainstEvaluation> {
  const { data, split, logger = silentLogger } = settings;
  const pack = await openPack(bundle, settings);
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
      { answers: first, labels: settings.bundle.info.labels },
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

/** Enough different pictures for a batch. */
const timedPictures = 32;

async function timeAnswers(
  bundle: LoadedBundle,
  pack: Pack,
  indices: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<Latency> {
  const pixels = await readPixels(pack, indices.subarray(0, timedPictures));
  return measureLatency(bundle, pixels, { batchSize: timedPictures, ...(signal && { signal }) });
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
    hint: "run it again when nothing writes there",
  });
}
