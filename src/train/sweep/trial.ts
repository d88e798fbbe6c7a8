/** One trial of a sweep: its settings, a pure function of the sweep and its number; its result. */
import type { ErrorCode } from "../../base/errors.ts";
import { createRandom, type Random } from "../../base/random.ts";
import type { TrainSettings } from "../plan/train-config.ts";
import type { SearchRange, Sweep } from "./sweep-config.ts";

/** All that decides a trial's model, besides the data. */
export interface TrialConfig {
  /** 0 for the first. */
  readonly trial: number;
  readonly epochs: number;
  /** What was drawn. */
  readonly drawn: Readonly<Record<string, unknown>>;
  /** All settings of the training. */
  readonly settings: TrainSettings;
}

export type TrialResult = TrialConfig &
  (
    | {
        readonly validationAccuracy: number;
        readonly validationLoss: number;
        readonly bestEpoch: number;
        readonly durationMs: number;
        /** Of the run that it was recorded as. */
        readonly runId?: string;
        readonly error?: undefined;
      }
    | { readonly error: { readonly code: string; readonly message: string } }
  );

/** Depends on the sweep and the number alone. */
export function trialConfig({ seed, fixed, search }: Sweep, trial: number, epochs: number): TrialConfig {
  const random = createRandom(seed).split("trial").split(trial);
  // Each setting has its own random stream: searching one more does not change the others.
  const drawn = Object.fromEntries(Object.entries(search).map(([key, range]) => [key, draw(range, random.split(key))]));
  return { trial, epochs, drawn, settings: { ...fixed, ...drawn, epochs } };
}

function draw(range: SearchRange, random: Random): unknown {
  if (range.kind === "choice") return range.values[random.integer(range.values.length)];
  const { kind, low, high } = range;
  if (kind === "integer") return low + random.integer(high - low + 1);
  const share = random.next();
  // Four digits, to be readable.
  const value = kind === "uniform" ? low + share * (high - low) : low * (high / low) ** share;
  return Math.min(high, Math.max(low, Number(value.toPrecision(4))));
}

/** Failures that follow from a trial's settings alone; others are tried again. */
const settledFailures: ReadonlySet<string> = new Set(["TRAIN_DIVERGED", "CONFIG_INVALID"] satisfies ErrorCode[]);

/** False for a failure that another attempt may not meet. */
export function isSettled({ error }: TrialResult): boolean {
  return error === undefined || settledFailures.has(error.code);
}

/** The best first: by validation accuracy, then by loss; those that failed last, in their order. */
export function ranked(results: readonly TrialResult[]): readonly TrialResult[] {
  return results.toSorted((a, b) => {
    if (a.error || b.error) return Number(a.error !== undefined) - Number(b.error !== undefined) || a.trial - b.trial;
    return b.validationAccuracy - a.validationAccuracy || a.validationLoss - b.validationLoss || a.trial - b.trial;
  });
}
