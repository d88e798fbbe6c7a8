/** What the page of a training shows. */
import type { DatasetSummary } from "../../dataset/dataset-summary.ts";
import type { EvaluationFacts } from "../evaluation/facts.ts";

export interface TrainingFacts {
  /** The bundle on the split that the training kept for it. */
  readonly evaluation: EvaluationFacts;
  readonly summary: DatasetSummary;
  /** How the data was read, as flags behind its name: ` --layout splits`. */
  readonly readingFlags?: string;
  /** The settings, with the reason of each. */
  readonly choices: readonly { readonly label: string; readonly text: string; readonly reason: string }[];
  readonly epochs: readonly TimedEpoch[];
  /** How many of them are of before the training was resumed. */
  readonly epochsBefore: number;
  /** `stopped-early`: no better validation came. */
  readonly end: "finished" | "stopped-early" | "interrupted" | "diverged";
  readonly bestEpoch: number;
  /** From the call to the bundle; of a resumed training the last call. */
  readonly durationMs: number;
  /** What it ran on, as names and values. */
  readonly environment: readonly (readonly [name: string, value: string])[];
}

export interface TimedEpoch {
  /** Training pictures per second, validation left out. */
  readonly imagesPerSecond: number;
  /** Validation included. */
  readonly durationMs: number;
}
