/** The evaluation of one bundle on pictures of a pack. */
import type { Logger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import type { LoadedBundle } from "../../bundle/load-bundle.ts";
import { isPackFolder } from "../../dataset/pack/build-pack.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import type { Split } from "../../dataset/sources/source.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import { type Analysis, analyseAnswers } from "../../metrics/analyse-answers.ts";
import type { Latency } from "../../metrics/latency-figures.ts";
import { readShorterSides } from "../pictures/picture-sizes.ts";
import { measureLatency } from "./latency.ts";
import { predictSplit, type SplitPredictions } from "./predict-split.ts";

export interface EvaluationOptions {
  /** What `openSource` opens, or the folder of a pack. */
  readonly data: string;
  /** How the source is read; for data of a training as it was read there. */
  readonly reading?: SourceOptions;
  /** Which pictures; `all` takes every one, also those that were trained on. */
  readonly split: Split | "all";
  /** Whether to measure latency. Default false. */
  readonly measuresLatency?: boolean;
  /** Whether to read the pictures' sizes from their files, for slices by size. Default false. */
  readonly readsSizes?: boolean;
  /** Folder for packs; without it packs stay in memory. */
  readonly packs?: string;
  readonly strict?: boolean;
  readonly batchSize?: number;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** The predictions of one bundle and their metrics. */
export interface ModelEvaluation extends Analysis {
  readonly answered: SplitPredictions;
  readonly latency?: Latency;
  /** Whether pictures and labels of the data are those of the bundle's training. */
  readonly isTrainingData: boolean;
}

export async function evaluateOn(
  bundle: LoadedBundle,
  pack: Pack,
  indices: Uint32Array,
  settings: EvaluationOptions,
): Promise<ModelEvaluation> {
  const { data, batchSize = 64, progress = silentProgress, signal, readsSizes = false } = settings;
  const answered = await predictSplit(bundle, pack, indices, { batchSize, progress, signal });
  // A pack does not hold the original sizes.
  const shorterSidesPx =
    readsSizes && !(await isPackFolder(data))
      ? await readShorterSides(data, answered.ids, { reading: settings.reading, progress, signal })
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
