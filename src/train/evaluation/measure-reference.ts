/** The reference profile of a bundle, from the pictures that it was evaluated on. */
import { throwIfCancelled } from "../../base/cancel.ts";
import { isAppError } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import { embeddingVersion } from "../../bundle/embedding.ts";
import { maximumEmbeddedPictures, packEmbeddings, type ReferenceEmbedding } from "../../bundle/reference-embedding.ts";
import {
  maximumReferencePictures,
  maximumReferenceProbabilities,
  minimumProbabilityRows,
  type ReferenceProfile,
  referenceVersion,
} from "../../bundle/reference-profile.ts";
import { isPackFolder } from "../../dataset/pack/build-pack.ts";
import { type Pack, readPixels } from "../../dataset/pack/pack.ts";
import type { Split } from "../../dataset/sources/source.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import {
  type PictureStatistics,
  pictureStatisticNames,
  pictureStatistics,
  pictureStatisticsVersion,
} from "../../image/picture-statistics.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import { calibrationOf } from "../../metrics/calibration.ts";
import {
  type Answers,
  evaluateAnswers,
  indexOfLargest,
  probabilitiesOf,
} from "../../metrics/classification-metrics.ts";
import { isS3Address } from "../../storage/s3-address.ts";
import { type PictureSize, readPictureSizes } from "../pictures/picture-sizes.ts";

export interface MeasureReferenceOptions {
  readonly pack: Pack;
  /** The pictures that were answered, as positions in the pack. */
  readonly indices: Uint32Array;
  /** What was answered to them, in their order; divided by the temperature. */
  readonly answers: Answers;
  readonly labels: readonly string[];
  readonly split: Split | "all";
  /** float32 `[n,size]` of pictures uint8 `[n,H,W,C]`; undefined of a network without an embedding. */
  readonly embed: (pixels: Uint8Array) => Promise<Float32Array | undefined>;
  /** Where the pictures are, for the sizes of their files, and how it is read. */
  readonly data: string;
  readonly reading?: SourceOptions | undefined;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal | undefined;
}

/** Pictures in memory at once. */
const batchSize = 64;

/**
 * A sample of at most `maximumReferencePictures` pictures and the figures of all. The same pictures
 * and answers give the same profile. Sizes of files are left out for packs, which do not hold them,
 * and for object stores, where each picture would be downloaded again.
 * Errors: those of the pack's store; INTERRUPTED.
 */
export async function measureReference(options: MeasureReferenceOptions): Promise<ReferenceProfile> {
  const { indices, answers, labels, split } = options;
  const rows = createRandom("pawprint.reference").permutation(indices.length).slice(0, maximumReferencePictures);
  const { measured, embedding } = await measurePictures(options, rows);
  const { count, accuracy } = evaluateAnswers(answers, labels);
  const { meanConfidence, expectedCalibrationError } = calibrationOf(answers);
  const logitsOf = (row: number): Float32Array =>
    answers.logits.subarray(row * labels.length, (row + 1) * labels.length);
  const answerOf = (row: number): number => indexOfLargest(logitsOf(row));
  const answerCounts = labels.map(() => 0);
  for (let row = 0; row < count; row++) answerCounts[answerOf(row)]!++;
  const probabilities = Array.from(rows, (row) => probabilitiesOf(logitsOf(row)).map(asShare));
  const keptRows = Math.floor(maximumReferenceProbabilities / labels.length);
  return {
    version: referenceVersion,
    statisticsVersion: pictureStatisticsVersion,
    split,
    count,
    accuracy: asShare(accuracy),
    meanConfidence: asShare(meanConfidence),
    expectedCalibrationError: asShare(expectedCalibrationError),
    answerCounts,
    sample: {
      answers: Array.from(rows, answerOf),
      targets: Array.from(rows, (row) => answers.targets[row]!),
      confidences: Array.from(rows, (row, at) => probabilities[at]![answerOf(row)]!),
      statistics: columnsOf(measured),
      ...(keptRows >= minimumProbabilityRows && { probabilities: probabilities.slice(0, keptRows).flat() }),
      ...(embedding && { embedding }),
    },
  };
}

async function measurePictures(
  options: MeasureReferenceOptions,
  rows: Uint32Array,
): Promise<{ readonly measured: readonly PictureStatistics[]; readonly embedding?: ReferenceEmbedding }> {
  const { pack, indices, embed } = options;
  const chosen = Uint32Array.from(rows, (row) => indices[row]!);
  const sizes = await sizesOf(
    options,
    Array.from(chosen, (at) => pack.ids[at]!),
  );
  const sizeBytes = recipeSizeBytes(pack.recipe);
  const embeddedCount = Math.min(chosen.length, maximumEmbeddedPictures);
  const measured: PictureStatistics[] = [];
  const embedded: number[] = [];
  for (let start = 0; start < chosen.length; start += batchSize) {
    throwIfCancelled(options.signal);
    const pixels = await readPixels(pack, chosen.subarray(start, start + batchSize));
    const wanted = pixels.subarray(0, Math.max(0, embeddedCount - start) * sizeBytes);
    if (wanted.length > 0) embedded.push(...((await embed(wanted)) ?? []));
    for (let at = 0; at < pixels.length; at += sizeBytes) {
      const image = { ...pack.recipe, pixels: pixels.subarray(at, at + sizeBytes) };
      measured.push(pictureStatistics(image, sizes[measured.length]));
    }
  }
  if (embedded.length === 0) return { measured };
  const size = embedded.length / embeddedCount;
  return { measured, embedding: packEmbeddings(Float32Array.from(embedded), size, embeddingVersion) };
}

async function sizesOf(
  { data, reading, progress = silentProgress, logger = silentLogger, signal }: MeasureReferenceOptions,
  ids: readonly string[],
): Promise<readonly (PictureSize | undefined)[]> {
  if (isS3Address(data) || (await isPackFolder(data))) return [];
  try {
    return await readPictureSizes(data, ids, { reading, progress, signal });
  } catch (error) {
    if (signal?.aborted || !isAppError(error)) throw error;
    // The model is trained by now: a source that went away costs the sizes, not the bundle.
    logger.warn(`the reference profile is without the sizes of files: ${error.message}`);
    return [];
  }
}

/** A column for each statistic that is known of every picture. */
function columnsOf(measured: readonly PictureStatistics[]): ReferenceProfile["sample"]["statistics"] {
  const columns = pictureStatisticNames.flatMap((name) => {
    const values = measured.map((statistics) => statistics[name]);
    const known = values.filter((value) => value !== undefined);
    return known.length === measured.length ? [[name, known.map((value) => Number(value.toPrecision(6)))]] : [];
  });
  return Object.fromEntries(columns);
}

/** Six digits; rounding never leaves 0 to 1, and a sum over float32 may by its last digit. */
function asShare(value: number): number {
  return Math.min(1, Math.max(0, Number(value.toPrecision(6))));
}
