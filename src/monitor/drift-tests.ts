/** What a window is tested for, and how large each statistic gets by chance. */
import { createRandom, type Random } from "../base/random.ts";
import { embeddingVersion } from "../bundle/embedding.ts";
import { unpackEmbeddings } from "../bundle/reference-embedding.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { type PictureStatistics, pictureStatisticNames } from "../image/picture-statistics.ts";
import { type BootstrapOptions, type NullDistribution, thresholdOf } from "../metrics/drift/bootstrap.ts";
import { type JointNulls, jointBootstrap } from "../metrics/drift/joint-bootstrap.ts";
import {
  medianDistance,
  type RandomFeatures,
  randomFeatures,
  type Vectors,
} from "../metrics/drift/mean-discrepancy.ts";

/** What is known of one prediction: no picture and no label of a person. */
export interface Observation {
  /** The class that was answered. */
  readonly answer: number;
  /** Its calibrated probability. */
  readonly confidence: number;
  /** Of all classes, where they were kept. */
  readonly probabilities?: ArrayLike<number>;
  /** `embeddingOf` the bundle, where it was kept. */
  readonly embedding?: ArrayLike<number>;
  /** Of `pictureStatistics` on the pixels under the bundle's recipe. */
  readonly statistics: PictureStatistics;
}

export interface DriftOptions {
  /** How many windows without drift may raise an alarm. Default 1 in 100. */
  readonly falseAlarmRate?: number;
  readonly seed?: number;
}

/** Fewer observations show next to nothing. */
export const leastWindow = 20;

export const defaultFalseAlarmRate = 0.01;

/** The columns of a reference that a window can be compared in, by name. */
export function referenceColumns({ sample }: ReferenceProfile): Readonly<Record<string, readonly number[]>> {
  const statistics = pictureStatisticNames.flatMap((name) => {
    const values = sample.statistics[name];
    return values === undefined ? [] : [[name, values] as const];
  });
  return { ...Object.fromEntries(statistics), confidence: sample.confidences };
}

/** A window's values in a column; undefined where one observation has none. */
export function windowColumn(window: readonly Observation[], name: string): readonly number[] | undefined {
  const values = window.map(({ confidence, statistics }) =>
    name === "confidence" ? confidence : statistics[name as keyof PictureStatistics],
  );
  return values.every((value) => value !== undefined && Number.isFinite(value)) ? (values as number[]) : undefined;
}

/** Chance's part in the tests of windows of one size; made once for many windows. */
export interface DriftCalibration {
  readonly windowSize: number;
  readonly falseAlarmRate: number;
  readonly nulls: JointNulls;
  /** Where the probabilities of three classes or more were kept. */
  readonly answers?: VectorsTest;
  /** Where embeddings of this version were kept. */
  readonly embedding?: VectorsTest;
}

/** MMD of vectors, by random features. */
export interface VectorsTest {
  readonly features: RandomFeatures;
  /** The mean feature of the reference. */
  readonly mean: Float64Array;
  readonly nulls: NullDistribution;
}

/** An alarm of all tests together is this many times rarer in one: so many replicates show it. */
const replicatesPerAlarm = 10;
const fewestReplicates = 2000;
const mostReplicates = 50_000;

/** Replicates that show the threshold of each of `tests` at a rate that is Bonferroni's. */
export function replicatesFor(tests: number, rate: number): number {
  return Math.min(mostReplicates, Math.max(fewestReplicates, Math.ceil((replicatesPerAlarm * tests) / rate)));
}

/**
 * Draws windows of `windowSize` from the reference sample, 10 tests / rate of them, for every test.
 * The same reference and seed give the same thresholds. Takes 1 to 2 s for windows of 200.
 */
export function calibrateDrift(
  reference: ReferenceProfile,
  windowSize: number,
  { falseAlarmRate = defaultFalseAlarmRate, seed = 0 }: DriftOptions = {},
): DriftCalibration {
  const columns = referenceColumns(reference);
  const { sample, answerCounts } = reference;
  const random = createRandom(seed);
  const embeddings = referenceEmbeddings(reference);
  const tests = Object.keys(columns).length + 2 + Number(embeddings !== undefined);
  const replicates = replicatesFor(tests, falseAlarmRate);
  const nulls = jointBootstrap(
    { columns, classes: sample.answers, classCount: answerCounts.length },
    { windowSize, replicates, random: random.split("columns") },
  );
  const optionsOf = (name: string) => ({ windowSize, replicates, random: random.split(name) });
  // Of two classes the confidence and the answer say it all.
  const answers =
    sample.probabilities && answerCounts.length > 2
      ? vectorsTest({ values: sample.probabilities, size: answerCounts.length }, optionsOf("answers"))
      : undefined;
  const features = embeddings && embeddingFeatures(embeddings, sample.targets, random.split("kernel"));
  const embedding = embeddings && vectorsTest(embeddings, optionsOf("embedding"), features);
  return { windowSize, falseAlarmRate, nulls, ...(answers && { answers }), ...(embedding && { embedding }) };
}

/** The embeddings of the first pictures of the sample; undefined where there are none of this version. */
export function referenceEmbeddings({ sample: { embedding } }: ReferenceProfile): Vectors | undefined {
  if (embedding?.version !== embeddingVersion) return undefined;
  return { values: unpackEmbeddings(embedding), size: embedding.lows.length };
}

/** Each takes a cosine of each picture and a sum of each replicate; MMD needs its error below its threshold. */
const featureCount = 32;

/**
 * The features by which embeddings are compared. The kernel is as wide as the median distance of
 * pictures of a class: classes are far from each other, and a kernel that wide would see little else.
 */
export function embeddingFeatures(
  { values, size }: Vectors,
  targets: readonly number[],
  random: Random,
): RandomFeatures {
  const count = values.length / size;
  const means = new Map<number, { readonly sum: Float64Array; count: number }>();
  for (let row = 0; row < count; row++) {
    const mean = means.get(targets[row]!) ?? { sum: new Float64Array(size), count: 0 };
    mean.count++;
    for (let at = 0; at < size; at++) mean.sum[at]! += values[row * size + at]!;
    means.set(targets[row]!, mean);
  }
  const centred = Float64Array.from({ length: values.length }, (_, at) => {
    const mean = means.get(targets[Math.floor(at / size)]!)!;
    return values[at]! - mean.sum[at % size]! / mean.count;
  });
  return randomFeatures(size, medianDistance({ values: centred, size }), featureCount, random);
}

function vectorsTest(
  vectors: Vectors,
  { windowSize, replicates, random }: BootstrapOptions,
  features = randomFeatures(vectors.size, medianDistance(vectors), featureCount, random),
): VectorsTest {
  const rows = features.of(vectors);
  const count = rows.length / featureCount;
  const meanOfDrawn = (drawn: number): Float64Array => {
    const sum = new Float64Array(featureCount);
    for (let at = 0; at < drawn; at++) {
      const row = random.integer(count) * featureCount;
      for (let feature = 0; feature < featureCount; feature++) sum[feature]! += rows[row + feature]!;
    }
    return sum.map((value) => value / drawn);
  };
  const nulls = new Float64Array(replicates);
  for (let at = 0; at < replicates; at++) nulls[at] = squaredLength(meanOfDrawn(count), meanOfDrawn(windowSize));
  return { features, mean: meanOf(rows), nulls: nulls.sort() };
}

/** MMD^2 of a window's vectors and the reference's. */
export function vectorsStatistic({ features, mean }: VectorsTest, window: Vectors): number {
  return squaredLength(mean, meanOf(features.of(window)));
}

/** The mean of rows of features. */
function meanOf(rows: Float32Array): Float64Array {
  const mean = new Float64Array(featureCount);
  for (let at = 0; at < rows.length; at++) mean[at % featureCount]! += (rows[at]! * featureCount) / rows.length;
  return mean;
}

function squaredLength(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < first.length; at++) sum += (first[at]! - second[at]!) ** 2;
  return sum;
}

/**
 * The least distance that is named. A reference of n pictures without a certain value says only that
 * fewer than ln(1 / rate) / n of all pictures have it (Clopper and Pearson, Biometrika 26, 1934), which
 * a bootstrap cannot know; and less than a twentieth of the pictures is of no consequence.
 */
export function leastDistance(count: number, rate: number): number {
  return Math.max(0.05, Math.log(1 / rate) / count);
}

/** The threshold of one of `tests` tests, so that all of them raise an alarm at `rate`. */
export function correctedThreshold(nulls: NullDistribution, rate: number, tests: number): number {
  return thresholdOf(nulls, rate / tests);
}
