/** The time that a training is given, where it is not given epochs. */
import { AppError } from "../../base/errors.ts";
import type { TrainSettings } from "./train-config.ts";

const unitMs = { s: 1000, m: 60_000, h: 3_600_000 } as const;
const longTrainingMs = 45 * 60_000;

/**
 * Milliseconds of `time`; undefined where none is given. Errors: CONFIG_INVALID where epochs are
 * given as well, or no time at all.
 */
export function durationOf({ time, epochs }: TrainSettings): number | undefined {
  if (time === undefined) return undefined;
  const [, amount, unit] = /^([\d.]+)([smh])$/.exec(time) ?? [];
  const ms = Number(amount) * unitMs[unit as keyof typeof unitMs]; // the schema lets these units through alone
  if (ms > 0 && epochs === undefined) return ms;
  throw new AppError("CONFIG_INVALID", {
    required: ms > 0 ? "either time or epochs" : "a time above 0",
    received: ms > 0 ? "both" : time,
    where: "train.time",
  });
}

/**
 * Whether the time that was given allows larger pictures, and asks for more variation, since each
 * is seen more often.
 */
export function isLongTraining(settings: TrainSettings): boolean {
  return (durationOf(settings) ?? 0) >= longTrainingMs;
}
