/** The gates of a promotion: what each measures, its limit, and its verdict, from numbers alone. */
import { counted } from "../../base/quantity.ts";
import type { PromotionConfig } from "./promotion-config.ts";

/** Accuracy on a slice, of both versions where there are two. */
export interface MeasuredSlice {
  /** "class cat", "brightness 82 to 110 of 255". */
  readonly name: string;
  readonly count: number;
  readonly accuracy: number;
  readonly presentAccuracy?: number;
}

/** Figures on the evaluated pictures. */
export interface MeasuredAnswers {
  readonly count: number;
  /** 0 to 1. */
  readonly accuracy: number;
  readonly calibrationError: number;
  readonly slices: readonly MeasuredSlice[];
  /** The version that has the alias now, on the same pictures. */
  readonly present?: {
    readonly accuracy: number;
    /** Pictures that only the candidate, or only the present version predicted correctly. */
    readonly onlyCandidateRight: number;
    readonly onlyPresentRight: number;
    /** Of McNemar's test, two-sided. */
    readonly pValue: number;
    /** How many of these pictures the present version was trained on, where that is known. */
    readonly trainedOn?: number;
  };
}

/** All that gates judge. */
export interface Measurements {
  readonly sizeBytes: number;
  /** Why the bundle does not load, or does not answer as it was exported. */
  readonly loadFault?: string;
  readonly labels: readonly string[];
  /** The version that has the alias now; its classes, or why it cannot be read. */
  readonly present?: { readonly version: string } & (
    | { readonly labels: readonly string[] }
    | { readonly fault: string }
  );
  /** Or why there are none: half a sentence. */
  readonly answers: MeasuredAnswers | { readonly missing: string };
  /** 95th percentile of one picture, where it was measured. */
  readonly latencyMs?: number;
  readonly smoke?: { readonly count: number; readonly right: number; readonly wrong: readonly string[] };
}

export type GateKey =
  | "load"
  | "labels"
  | "size"
  | "latency"
  | "smoke"
  | "accuracy"
  | "calibration"
  | "comparison"
  | "slices";

export interface GateResult {
  readonly gate: GateKey;
  /** A gate is skipped where nothing asks for it; one that is asked for and cannot be measured fails. */
  readonly verdict: "pass" | "fail" | "skip";
  /** In the gate's unit. */
  readonly measured?: number;
  readonly limit?: number;
  /** Half a sentence for people: value, limit, or why it was skipped. */
  readonly reason: string;
}

type Verdict = Omit<GateResult, "gate">;

interface Gate {
  readonly key: GateKey;
  /** What it asks, for the documentation. */
  readonly asks: string;
  /** The settings that are its limits. */
  readonly settings: readonly (keyof PromotionConfig)[];
  /** Cannot be overridden by force: no service could use the bundle. */
  readonly isFinal?: true;
  judge(measured: Measurements, settings: PromotionConfig): Verdict;
}

export const gates: readonly Gate[] = [
  {
    key: "load",
    asks: "the bundle loads and answers its noise pictures as it was exported",
    settings: [],
    isFinal: true,
    judge: ({ loadFault }) =>
      loadFault === undefined ? pass("loads, and answers as it was exported") : fail(loadFault),
  },
  {
    key: "labels",
    asks: "the classes are those of the present version",
    settings: ["labelsMayDiffer"],
    judge({ labels, present }, { labelsMayDiffer }) {
      if (present === undefined) return skip("no version has the alias");
      if ("fault" in present) return fail(`not compared: ${present.fault}`);
      const difference = labelDifference(labels, present.labels);
      if (difference === undefined) return pass(`the ${labels.length} classes of version ${present.version}`);
      return labelsMayDiffer ? pass(`${difference}, as allowed`) : fail(difference);
    },
  },
  {
    key: "size",
    asks: "the file is small enough",
    settings: ["maxSizeBytes"],
    judge: ({ sizeBytes }, { maxSizeBytes }) =>
      maxSizeBytes === undefined
        ? skip("no limit is set")
        : atMost(sizeBytes, maxSizeBytes, (value) => `${value} bytes`),
  },
  {
    key: "latency",
    asks: "one picture is answered fast enough on this machine (95th percentile)",
    settings: ["maxLatencyMs"],
    judge({ latencyMs }, { maxLatencyMs }) {
      if (maxLatencyMs === undefined) return skip("no limit is set");
      if (latencyMs === undefined) return fail("not measured: the bundle does not load");
      return atMost(latencyMs, maxLatencyMs, (value) => `${value.toFixed(2)} ms`);
    },
  },
  {
    key: "smoke",
    asks: "chosen pictures get their labels, with probabilities that are finite and add up to 1",
    settings: ["smokeData", "minSmokeAccuracy"],
    judge({ smoke }, { smokeData, minSmokeAccuracy }) {
      if (smokeData === undefined) return skip("no pictures are chosen; its noise pictures were answered");
      if (smoke === undefined) return fail("not measured: the bundle does not load");
      const share = smoke.count === 0 ? 0 : smoke.right / smoke.count;
      const wrong = smoke.wrong.slice(0, 3).join(", ");
      const more = smoke.wrong.length > 3 ? ` and ${smoke.wrong.length - 3} more` : "";
      const reason = `${smoke.right} of ${counted(smoke.count, "picture")} right`;
      const named = smoke.wrong.length === 0 ? reason : `${reason}; wrong: ${wrong}${more}`;
      return judged(share >= minSmokeAccuracy, share, minSmokeAccuracy, named);
    },
  },
  {
    key: "accuracy",
    asks: "the accuracy on the pictures is high enough",
    settings: ["minAccuracy"],
    judge({ answers }, { minAccuracy }) {
      if (minAccuracy === undefined) return skip(withFigure(answers, "accuracy"));
      if ("missing" in answers) return fail(`not measured: ${answers.missing}`);
      return atLeast(answers.accuracy, minAccuracy);
    },
  },
  {
    key: "calibration",
    asks: "the expected calibration error on the pictures is low enough",
    settings: ["maxCalibrationError"],
    judge({ answers }, { maxCalibrationError }) {
      if (maxCalibrationError === undefined) return skip(withFigure(answers, "calibrationError"));
      if ("missing" in answers) return fail(`not measured: ${answers.missing}`);
      return atMost(answers.calibrationError, maxCalibrationError, (value) => value.toFixed(4));
    },
  },
  {
    key: "comparison",
    asks: "the accuracy is not lower than the present version's on the same pictures (McNemar's test)",
    settings: ["maxAccuracyLoss", "significance"],
    judge: compare,
  },
  {
    key: "slices",
    asks: "no slice of the pictures is answered worse than by the present version",
    settings: ["maxSliceLoss", "maxSliceGap", "minSlicePictures"],
    judge: judgeSlices,
  },
];

/** In the order of the table. */
export function judgeGates(measured: Measurements, settings: PromotionConfig): readonly GateResult[] {
  return gates.map((gate) => ({ gate: gate.key, ...gate.judge(measured, settings) }));
}

/** Whether a failed gate stops a promotion that is forced, too. */
export function isFinalGate(key: GateKey): boolean {
  return gates.some((gate) => gate.key === key && gate.isFinal === true);
}

/**
 * Fails where the accuracy is lower by more than the margin, and where it is lower by any amount and
 * McNemar's p-value is below the level: a small loss that is no chance.
 */
function compare({ answers, labels, present }: Measurements, settings: PromotionConfig): Verdict {
  if (present === undefined) return skip("no version has the alias");
  if ("fault" in present) return fail(`not measured: ${present.fault}`);
  if (labelDifference(labels, present.labels) !== undefined) return skip("the classes differ");
  if ("missing" in answers) return fail(`not measured: ${answers.missing}`);
  if (answers.present === undefined) return fail(`not measured: version ${present.version} has no figures`);
  const { maxAccuracyLoss, significance } = settings;
  const { accuracy, onlyCandidateRight, onlyPresentRight, pValue, trainedOn = 0 } = answers.present;
  // From counts, so that a loss of exactly the margin passes whatever the rounding of the shares.
  const lost = onlyPresentRight - onlyCandidateRight;
  const difference = answers.count === 0 ? 0 : -lost / answers.count;
  const isBeyond = lost > maxAccuracyLoss * answers.count + 1e-9;
  const isCertain = lost > 0 && pValue < significance;
  const figures = `${accuracyText(answers.accuracy)} against ${accuracyText(accuracy)} of version ${present.version} on ${counted(answers.count, "picture")}, p = ${pValue.toPrecision(2)}`;
  const why = isBeyond
    ? `, a loss of more than ${maxAccuracyLoss}`
    : isCertain
      ? `, a loss beyond chance (p below ${significance})`
      : "";
  const note = trainedOn > 0 ? `; version ${present.version} was trained on ${trainedOn} of them` : "";
  return judged(!isBeyond && !isCertain, difference, -maxAccuracyLoss, `${figures}${why}${note}`);
}

function judgeSlices({ answers, labels, present }: Measurements, settings: PromotionConfig): Verdict {
  const isCompared =
    present !== undefined && "labels" in present && labelDifference(labels, present.labels) === undefined;
  if ("missing" in answers) {
    return isCompared ? fail(`not measured: ${answers.missing}`) : skip(`not measured: ${answers.missing}`);
  }
  const large = answers.slices.filter(({ count }) => count >= settings.minSlicePictures);
  const small = answers.slices.length - large.length;
  const passed =
    small === 0 ? "" : `; ${counted(small, "slice")} of fewer than ${settings.minSlicePictures} not judged`;
  if (large.length === 0) return skip(`no slice has ${settings.minSlicePictures} pictures${passed}`);
  const margin = isCompared ? settings.maxSliceLoss : settings.maxSliceGap;
  const usual = ({ presentAccuracy }: MeasuredSlice): number =>
    isCompared ? (presentAccuracy ?? answers.accuracy) : answers.accuracy;
  const losses = large
    .map((slice) => ({ ...slice, loss: usual(slice) - slice.accuracy }))
    .toSorted((a, b) => b.loss - a.loss);
  const worse = losses.filter(({ loss }) => loss > margin + 1e-9);
  const worst = losses[0]!;
  const whose = isCompared ? `of version ${present.version}` : "overall";
  const others = worse.length > 1 ? `, and ${counted(worse.length - 1, "more slice")}` : "";
  const figures = `${accuracyText(worst.accuracy)} on ${counted(worst.count, "picture")} against ${accuracyText(usual(worst))} ${whose}`;
  const named = `${worst.name} with ${figures}${others}`;
  const reason = worse.length === 0 ? `${counted(large.length, "slice")}, the lowest ${named}` : named;
  return judged(worse.length === 0, -worst.loss, -margin, `${reason}${passed}`);
}

/** Undefined where both have the same classes, in whatever order. */
export function labelDifference(labels: readonly string[], present: readonly string[]): string | undefined {
  const [own, others] = [new Set(labels), new Set(present)];
  const added = labels.filter((label) => !others.has(label));
  const gone = present.filter((label) => !own.has(label));
  if (added.length === 0 && gone.length === 0) return undefined;
  const list = (names: readonly string[]): string =>
    names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  return [
    ...(gone.length > 0 ? [`without ${list(gone)}`] : []),
    ...(added.length > 0 ? [`with ${list(added)} in addition`] : []),
  ].join(", ");
}

function withFigure(answers: Measurements["answers"], figure: "accuracy" | "calibrationError"): string {
  return "missing" in answers ? "no limit is set" : `${accuracyText(answers[figure])}; no limit is set`;
}

function accuracyText(share: number): string {
  return share.toFixed(4);
}

function atLeast(measured: number, limit: number): Verdict {
  const isEnough = measured >= limit;
  const reason = `${accuracyText(measured)}, ${isEnough ? "at least" : "below"} ${limit}`;
  return judged(isEnough, measured, limit, reason);
}

function atMost(measured: number, limit: number, text: (value: number) => string): Verdict {
  const isLow = measured <= limit;
  return judged(isLow, measured, limit, `${text(measured)}, ${isLow ? "at most" : "above"} ${text(limit)}`);
}

function judged(passes: boolean, measured: number, limit: number, reason: string): Verdict {
  // NaN passes no comparison, and has no place in JSON.
  return { verdict: passes ? "pass" : "fail", ...(Number.isFinite(measured) && { measured }), limit, reason };
}

function pass(reason: string): Verdict {
  return { verdict: "pass", reason };
}

function fail(reason: string): Verdict {
  return { verdict: "fail", reason };
}

function skip(reason: string): Verdict {
  return { verdict: "skip", reason };
}
