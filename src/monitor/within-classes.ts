/** Whether the pictures of a window differ by more than the shares of their classes. */
import { createRandom, type Random } from "../base/random.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { classPriors } from "../metrics/drift/class-priors.ts";
import { jointBootstrap } from "../metrics/drift/joint-bootstrap.ts";
import { labelShiftDiscrepancy } from "../metrics/drift/label-shift-discrepancy.ts";
import { embeddingFeatures, leastWindow, type Observation, referenceEmbeddings, replicatesFor } from "./drift-tests.ts";
import {
  columnTest,
  comparableColumns,
  countClasses,
  decide,
  type RawTest,
  rawEmbeddingTest,
  windowEmbeddings,
} from "./window-tests.ts";

/**
 * Which statistics differ from a reference whose classes have the window's shares: label shift, where
 * a picture of class y counts p'(y) / p(y) times (Saerens et al., Neural Computation 14, 2002), p'
 * from the window's answers and the reference's confusions.
 */
export function withinClasses(
  reference: ReferenceProfile,
  window: readonly Observation[],
  rate: number,
  seed: number,
): readonly string[] {
  const { sample, answerCounts } = reference;
  const answered = countClasses(sample.answers, answerCounts.length);
  // Of a class that the reference never answered nothing is known: its pictures are left out.
  const known = window.filter(({ answer }) => answered[answer]! > 0);
  if (known.length < leastWindow) return ["classes that the reference does not have"];
  const now = countClasses(
    known.map(({ answer }) => answer),
    answerCounts.length,
  );
  const priors = classPriors(
    sample.targets,
    sample.answers,
    now.map((part) => part / known.length),
  );
  const ofTarget = countClasses(sample.targets, answerCounts.length);
  const weights = sample.targets.map((target) => priors[target]! / ofTarget[target]!);
  const { columns } = comparableColumns(reference, known);
  const pictures = columns.filter(({ name }) => name !== "confidence");
  const random = createRandom(seed).split("within classes");
  const embedding = embeddingTestWithin(reference, window, {
    replicates: replicatesWithin(pictures.length + 1, rate),
    random: random.split("embedding"),
  });
  const nulls = jointBootstrap(
    {
      columns: Object.fromEntries(pictures.map(({ name, before }) => [name, before])),
      classes: sample.answers,
      classCount: answerCounts.length,
    },
    {
      windowSize: known.length,
      replicates: replicatesFor(pictures.length + embedding.length, rate),
      random,
      weights,
    },
  );
  const raw = [
    ...pictures.map(({ name, before, now }) => columnTest(name, before, now, { nulls }, weights)),
    ...embedding,
  ];
  // As many pictures as the weights are worth: Kish, Survey Sampling (1965).
  const [sum, squares] = weights.reduce(([a, b], weight) => [a + weight, b + weight * weight], [0, 0] as [
    number,
    number,
  ]);
  return decide(raw, rate, (sum * sum) / squares)
    .filter(({ hasDrifted }) => hasDrifted)
    .map(({ name }) => name);
}

/** Classes are estimated anew in each: twice as many as the smallest p-value needs. */
function replicatesWithin(tests: number, rate: number): number {
  return Math.max(2000, Math.ceil((2 * tests) / rate));
}

/** Of the embeddings, where both sides have them. */
function embeddingTestWithin(
  reference: ReferenceProfile,
  window: readonly Observation[],
  options: { readonly replicates: number; readonly random: Random },
): readonly RawTest[] {
  const before = referenceEmbeddings(reference);
  if (before === undefined) return [];
  const count = before.values.length / before.size;
  const { sample, answerCounts } = reference;
  const [targets, answers] = [sample.targets.slice(0, count), sample.answers.slice(0, count)];
  const answered = countClasses(answers, answerCounts.length);
  const known = window.filter(({ answer }) => answered[answer]! > 0);
  const now = windowEmbeddings(known, before.size);
  if (known.length < leastWindow || now === undefined) return [];
  const features = embeddingFeatures(before, targets, options.random);
  const { statistic, nulls } = labelShiftDiscrepancy(
    { features: features.of(before), size: features.count, targets, answers },
    { features: features.of(now), size: features.count, answers: known.map(({ answer }) => answer) },
    { ...options, classCount: answerCounts.length },
  );
  return [rawEmbeddingTest(statistic, nulls)];
}
