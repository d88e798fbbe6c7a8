/** Whether a window of predictions differs from the reference of its bundle, and in what. */
import { AppError } from "../base/errors.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import { pictureStatisticsVersion } from "../image/picture-statistics.ts";
import { type ExpectedAccuracy, expectedAccuracy } from "../metrics/drift/expected-accuracy.ts";
import {
  calibrateDrift,
  type DriftCalibration,
  type DriftOptions,
  leastWindow,
  type Observation,
} from "./drift-tests.ts";
import {
  answersTestOf,
  classSharesTestOf,
  columnTest,
  comparableColumns,
  type DriftTest,
  decide,
  embeddingTestOf,
  isOfPictures,
  type RawTest,
} from "./window-tests.ts";
import { withinClasses } from "./within-classes.ts";

export interface DriftReport {
  readonly count: number;
  readonly falseAlarmRate: number;
  readonly hasDrifted: boolean;
  /**
   * `class-shares`: other shares of the same pictures; `pictures`: other pictures; `answers`: other
   * answers to what look like the same pictures; `pictures-or-class-shares`: it was not looked within
   * the classes, which would tell.
   */
  readonly kind:
    | "none"
    | "class-shares"
    | "pictures"
    | "pictures-and-class-shares"
    | "pictures-or-class-shares"
    | "answers";
  readonly tests: readonly DriftTest[];
  /** What the window cannot be compared in, and why. */
  readonly untested: readonly string[];
  readonly summary: string;
  readonly accuracy:
    | ({ readonly isKnown: true } & ExpectedAccuracy)
    | { readonly isKnown: false; readonly reason: string };
}

/** Class shares that differ by chance this seldom may be the reason for what embeddings show. */
const suspicion = 0.1;

export interface DetectOptions extends DriftOptions {
  /** To compare many windows of a size. */
  readonly calibration?: DriftCalibration;
  /**
   * Default true. False saves the second look at the pictures, which takes a second or more; the kind
   * is then `pictures-or-class-shares` where it would have told.
   */
  readonly looksWithinClasses?: boolean;
  /** The model's, for the summary; else classes have numbers there. */
  readonly labels?: readonly string[];
}

/**
 * Compares each statistic, the confidence, the class shares and the answers with the reference; an
 * alarm at the false-alarm rate for all of them together. Where the class shares changed, the
 * pictures are compared once more with a reference of the window's shares, which tells other shares
 * of the same pictures from other pictures.
 * Errors: CONFIG_INVALID for fewer than 20 observations, another version of the statistics, or a
 * calibration for another size.
 */
export function detectDrift(
  reference: ReferenceProfile,
  window: readonly Observation[],
  { calibration, looksWithinClasses = true, seed = 0, labels, ...options }: DetectOptions = {},
): DriftReport {
  requireComparable(reference, window, calibration);
  const chance = calibration ?? calibrateDrift(reference, window.length, { seed, ...options });
  const rate = chance.falseAlarmRate;
  const { columns, untested } = comparableColumns(reference, window);
  const classShares = classSharesTestOf(reference, window, chance, labels);
  const embedding = embeddingTestOf(reference, window, chance.embedding);
  const raw: RawTest[] = [
    ...columns.map(({ name, before, now }) => columnTest(name, before, now, chance, undefined)),
    classShares,
    ...answersTestOf(reference, window, chance),
    ...embedding.tests,
  ];
  const tests = decide(raw, rate, reference.sample.answers.length);
  const drifted = tests.filter(({ hasDrifted }) => hasDrifted);
  const pictures = drifted.filter(({ name }) => isOfPictures(name));
  const sharesChanged = drifted.some(({ name }) => name === "classShares");
  // A network sees little else than classes: its embeddings may show other shares before the answers do.
  const mayBeShares =
    sharesChanged || (classShares.rawPValue <= suspicion && pictures.some(({ name }) => name === "embedding"));
  const isUntold = mayBeShares && pictures.length > 0;
  const otherPictures =
    isUntold && looksWithinClasses ? withinClasses(reference, window, rate, seed) : pictures.map(({ name }) => name);
  const isOfShares = sharesChanged || (pictures.length > 0 && otherPictures.length === 0);
  const kind =
    isUntold && !looksWithinClasses
      ? "pictures-or-class-shares"
      : kindOf(drifted.length > 0, isOfShares, otherPictures.length > 0);
  return {
    count: window.length,
    falseAlarmRate: rate,
    hasDrifted: drifted.length > 0,
    kind,
    tests,
    untested: [...untested, ...embedding.untested],
    summary: summaryOf(kind, tests, otherPictures),
    accuracy: accuracyOf(reference, window, kind),
  };
}

function requireComparable(
  { statisticsVersion, answerCounts }: ReferenceProfile,
  window: readonly Observation[],
  calibration: DriftCalibration | undefined,
): void {
  const refuse = (required: string, received: string, hint?: string): AppError =>
    new AppError("CONFIG_INVALID", { required, received, where: "detectDrift", ...(hint !== undefined && { hint }) });
  if (window.length < leastWindow) throw refuse(`a window of at least ${leastWindow} predictions`, `${window.length}`);
  const foreign = window.find(({ answer }) => !(answer in answerCounts));
  if (foreign) throw refuse(`answers of ${answerCounts.length} classes`, `class ${foreign.answer}`);
  if (statisticsVersion !== pictureStatisticsVersion) {
    throw refuse(
      `a reference of picture statistics ${pictureStatisticsVersion}`,
      `one of version ${statisticsVersion}`,
      "make it again with: pawprint monitor reference MODEL --data SOURCE --out NEW.onnx",
    );
  }
  if (calibration && calibration.windowSize !== window.length) {
    throw refuse(`a calibration for windows of ${window.length}`, `one for ${calibration.windowSize}`);
  }
}

function kindOf(hasDrifted: boolean, shares: boolean, pictures: boolean): DriftReport["kind"] {
  if (!hasDrifted) return "none";
  if (shares) return pictures ? "pictures-and-class-shares" : "class-shares";
  return pictures ? "pictures" : "answers";
}

function summaryOf(kind: DriftReport["kind"], tests: readonly DriftTest[], otherPictures: readonly string[]): string {
  const textOf = (test: DriftTest | undefined): string => test?.text ?? "";
  const drifted = tests.filter(({ hasDrifted }) => hasDrifted);
  const pictures = drifted.filter(({ name }) => otherPictures.includes(name)).map(textOf);
  const shares = textOf(tests.find(({ name }) => name === "classShares"));
  const seen = pictures.length > 0 ? pictures.join("; ") : otherPictures.join(", ");
  const texts: Readonly<Record<DriftReport["kind"], string>> = {
    none: "no drift",
    "class-shares": `a change of class shares: ${shares}; within the classes the pictures look as before`,
    pictures: `the pictures differ: ${seen}`,
    "pictures-and-class-shares": `the pictures differ: ${seen}; and ${shares}`,
    "pictures-or-class-shares": `the pictures differ, by themselves or by their class shares: ${seen}; and ${shares}`,
    answers: `the answers differ, the pictures look as before: ${drifted.map(textOf).join("; ")}`,
  };
  return texts[kind];
}

function accuracyOf(
  reference: ReferenceProfile,
  window: readonly Observation[],
  kind: DriftReport["kind"],
): DriftReport["accuracy"] {
  const withheld = {
    none: undefined,
    answers: undefined,
    "class-shares": "the class shares changed, and confidences were calibrated for those of the reference",
    pictures: "the pictures differ from those on which confidences were calibrated",
    "pictures-and-class-shares": "pictures and class shares differ from those on which confidences were calibrated",
    "pictures-or-class-shares": "pictures or class shares differ from those on which confidences were calibrated",
  }[kind];
  if (withheld !== undefined) return { isKnown: false, reason: withheld };
  const estimate = expectedAccuracy(
    window.map(({ confidence }) => confidence),
    reference,
  );
  return estimate ? { isKnown: true, ...estimate } : { isKnown: false, reason: "no predictions" };
}
