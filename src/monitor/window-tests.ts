/** The tests of a window, each before it is known how many there are. */
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { bootstrapPValue, type NullDistribution } from "../metrics/drift/bootstrap.ts";
import { chiSquaredOfShares } from "../metrics/drift/class-shares-test.ts";
import { weightedDistance } from "../metrics/drift/joint-bootstrap.ts";
import type { Vectors } from "../metrics/drift/mean-discrepancy.ts";
import {
  countByEdges,
  jensenShannonDistance,
  populationStabilityIndex,
  quantileEdges,
} from "../metrics/drift/share-distances.ts";
import { holmCorrected } from "../metrics/exact-tests.ts";
import {
  correctedThreshold,
  type DriftCalibration,
  leastDistance,
  type Observation,
  referenceColumns,
  type VectorsTest,
  vectorsStatistic,
  windowColumn,
} from "./drift-tests.ts";
import { describeClassShares, describeColumn } from "./drift-text.ts";

/** One test of a window. */
export interface DriftTest {
  /** A statistic of pictures, `confidence`, `classShares`, `answers` or `embedding`. */
  readonly name: string;
  readonly method:
    | "Kolmogorov-Smirnov distance"
    | "chi-squared of class counts"
    | "MMD of probabilities"
    | "MMD of embeddings";
  readonly statistic: number;
  /** What the statistic exceeds by chance at the false-alarm rate over all tests. */
  readonly threshold: number;
  /** By bootstrap, corrected for the number of tests by Holm's method. */
  readonly pValue: number;
  readonly hasDrifted: boolean;
  /** Means, or shares of classes; of `answers` and `embedding` there are none. */
  readonly reference?: number | readonly number[];
  readonly window?: number | readonly number[];
  /** How large the shift is: PSI of a column, the Jensen-Shannon distance of class shares. */
  readonly size?: number;
  /** In plain words. */
  readonly text: string;
}

interface ComparedColumn {
  readonly name: string;
  readonly before: readonly number[];
  readonly now: readonly number[];
}

export function comparableColumns(
  reference: ReferenceProfile,
  window: readonly Observation[],
): { readonly columns: readonly ComparedColumn[]; readonly untested: readonly string[] } {
  const columns: ComparedColumn[] = [];
  const untested: string[] = [];
  for (const [name, before] of Object.entries(referenceColumns(reference))) {
    const now = windowColumn(window, name);
    if (now) columns.push({ name, before, now });
    else untested.push(`${name}: not known of every prediction`);
  }
  return { columns, untested };
}

export type RawTest = Omit<DriftTest, "pValue" | "hasDrifted" | "threshold"> & {
  readonly rawPValue: number;
  thresholdAt(rate: number, tests: number): number;
};

export function columnTest(
  name: string,
  before: readonly number[],
  now: readonly number[],
  { nulls }: Pick<DriftCalibration, "nulls">,
  weights: readonly number[] | undefined,
): RawTest {
  const statistic = weightedDistance(before, weights, now);
  const edges = quantileEdges(Float64Array.from(before).sort());
  const [reference, window] = [meanOfValues(before), meanOfValues(now)];
  return {
    name,
    method: "Kolmogorov-Smirnov distance",
    statistic,
    rawPValue: bootstrapPValue(nulls.columns[name]!, statistic),
    thresholdAt: (rate, tests) => correctedThreshold(nulls.columns[name]!, rate, tests),
    reference,
    window,
    size: populationStabilityIndex(countByEdges(before, edges), countByEdges(now, edges)),
    text: describeColumn(name, reference, window),
  };
}

export function classSharesTestOf(
  { sample, answerCounts }: ReferenceProfile,
  window: readonly Observation[],
  { nulls }: DriftCalibration,
  labels?: readonly string[],
): RawTest {
  const before = countClasses(sample.answers, answerCounts.length);
  const now = countClasses(
    window.map(({ answer }) => answer),
    answerCounts.length,
  );
  const statistic = chiSquaredOfShares(before, now);
  const [reference, shares] = [before, now].map((counts, at) =>
    counts.map((count) => count / (at === 0 ? sample.answers.length : window.length)),
  ) as [number[], number[]];
  return {
    name: "classShares",
    method: "chi-squared of class counts",
    statistic,
    rawPValue: bootstrapPValue(nulls.classShares, statistic),
    thresholdAt: (rate, tests) => correctedThreshold(nulls.classShares, rate, tests),
    reference,
    window: shares,
    size: jensenShannonDistance(before, now),
    text: describeClassShares(reference, shares, labels),
  };
}

export function answersTestOf(
  { answerCounts }: ReferenceProfile,
  window: readonly Observation[],
  { answers }: DriftCalibration,
): readonly RawTest[] {
  const size = answerCounts.length;
  if (answers === undefined || window.some(({ probabilities }) => probabilities?.length !== size)) return [];
  const values = window.flatMap(({ probabilities }) => Array.from(probabilities!));
  const statistic = vectorsStatistic(answers, { values, size });
  return [
    {
      name: "answers",
      method: "MMD of probabilities",
      statistic,
      rawPValue: bootstrapPValue(answers.nulls, statistic),
      thresholdAt: (rate, tests) => correctedThreshold(answers.nulls, rate, tests),
      text: "the probabilities of the classes are distributed differently",
    },
  ];
}

/** Of a reference with embeddings, or of a window that has them. */
export function embeddingTestOf(
  { sample }: ReferenceProfile,
  window: readonly Observation[],
  test: VectorsTest | undefined,
): { readonly tests: readonly RawTest[]; readonly untested: readonly string[] } {
  const without = (reason: string) => ({ tests: [], untested: [`embedding: ${reason}`] });
  const isSeen = window.some(({ embedding }) => embedding !== undefined);
  if (test === undefined) {
    if (sample.embedding) return without("the reference has it of another version");
    return isSeen ? without("not in the reference") : { tests: [], untested: [] };
  }
  const size = sample.embedding!.lows.length;
  const now = windowEmbeddings(window, size);
  if (now === undefined)
    return without(isSeen ? `not ${size} numbers of every prediction` : "not known of every prediction");
  return { tests: [rawEmbeddingTest(vectorsStatistic(test, now), test.nulls)], untested: [] };
}

export function windowEmbeddings(window: readonly Observation[], size: number): Vectors | undefined {
  if (window.some(({ embedding }) => embedding?.length !== size)) return undefined;
  const values = window.flatMap(({ embedding }) => Array.from(embedding!));
  return values.every(Number.isFinite) ? { values, size } : undefined;
}

export function rawEmbeddingTest(statistic: number, nulls: NullDistribution): RawTest {
  return {
    name: "embedding",
    method: "MMD of embeddings",
    statistic,
    rawPValue: bootstrapPValue(nulls, statistic),
    thresholdAt: (rate, tests) => correctedThreshold(nulls, rate, tests),
    text: "pictures show other things than before, as the network sees them (embedding)",
  };
}

/** Whether a test is of the pictures, not of what was answered to them. */
export function isOfPictures(name: string): boolean {
  return name !== "confidence" && name !== "classShares" && name !== "answers";
}

/** Holm's correction, and the least distance that is named. */
export function decide(raw: readonly RawTest[], rate: number, count: number): readonly DriftTest[] {
  const least = leastDistance(count, rate / raw.length);
  const isDistance = ({ method }: RawTest): boolean => method === "Kolmogorov-Smirnov distance";
  const pValues = holmCorrected(raw.map((test) => (isDistance(test) && test.statistic < least ? 1 : test.rawPValue)));
  return raw.map((test, at) => {
    const { rawPValue: _, thresholdAt, ...rest } = test;
    const threshold = thresholdAt(rate, raw.length);
    return {
      ...rest,
      threshold: isDistance(test) ? Math.max(least, threshold) : threshold,
      pValue: pValues[at]!,
      hasDrifted: pValues[at]! <= rate,
    };
  });
}

export function countClasses(classes: readonly number[], count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const index of classes) counts[index]!++;
  return counts;
}

function meanOfValues(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
