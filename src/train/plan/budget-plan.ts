/** How long to train: the time or the epochs that are given, else epochs that suit the data. */
import { AppError } from "../../base/errors.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { TrainingBudget } from "../fit/fit-plan.ts";
import type { Choices } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";

const unitMs = { s: 1000, m: 60_000, h: 3_600_000 } as const;
const longTrainingMs = 45 * 60_000;

/** A network needs about as many pictures in all from a small set as from a large one. */
const picturesInAll = 450_000;

/** Errors: CONFIG_INVALID where both time and epochs are given, or no time at all. */
export function planBudget(
  settings: TrainSettings,
  kind: SourceKind,
  trainCount: number,
  choices: Choices,
): TrainingBudget {
  const { time } = settings;
  if (time !== undefined) {
    choices.add("time", time, "");
    return { timeMs: durationOf(time, settings) };
  }
  const isDigits = kind === "idx";
  const usual = isDigits ? 9 : Math.min(100, Math.max(10, Math.round(picturesInAll / trainCount)));
  const epochs = settings.epochs ?? usual;
  choices.add("epochs", epochs, isDigits ? "enough for digits" : `${trainCount} training pictures`);
  return { epochs };
}

/**
 * Whether there is time for larger pictures, and need of more augmentation, since each picture is
 * seen more often. Errors: CONFIG_INVALID as `planBudget`.
 */
export function isLongTraining(settings: TrainSettings): boolean {
  return settings.time !== undefined && durationOf(settings.time, settings) >= longTrainingMs;
}

function durationOf(time: string, { epochs }: TrainSettings): number {
  const [, amount, unit] = /^([\d.]+)([smh])$/.exec(time) ?? [];
  const ms = Number(amount) * unitMs[unit as keyof typeof unitMs]; // the schema allows no other unit
  if (ms > 0 && epochs === undefined) return ms;
  throw new AppError("CONFIG_INVALID", {
    required: ms > 0 ? "either time or epochs" : "a time above 0",
    received: ms > 0 ? "both" : time,
    where: "train.time",
  });
}
