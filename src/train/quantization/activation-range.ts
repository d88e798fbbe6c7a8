/** From how often values occur to the range that 256 steps are laid over. */
import type { ActivationHistogram } from "./calibrate.ts";

/**
 * How a range is chosen: all values; all but 1 in 10,000; or the range of the least mean squared error,
 * which gives up rare values where the others gain by finer steps.
 */
export const rangeMethods = ["minmax", "percentile", "mse"] as const;
export type RangeMethod = (typeof rangeMethods)[number];

/** Finite, and with low <= 0 <= high: zero is exact, since convolutions pad with it. */
export interface ActivationRange {
  readonly low: number;
  readonly high: number;
}

/** Share of the values outside, at both ends together. */
const outside = 1e-4;

/** Ranges that are tried: the whole one, and in even steps down to a fifth of it. */
const triedRanges = 80;

/** The range by a method; nothing beyond what was seen. */
export function chooseRange(histogram: ActivationHistogram, method: RangeMethod): ActivationRange {
  const { low, high } = histogram;
  const whole = { low: Math.min(0, low), high: Math.max(0, high) };
  if (method === "minmax") return whole;
  if (method === "percentile") return withoutRare(histogram);
  let best = { range: whole, error: squaredError(histogram, whole) };
  for (let step = 1; step < triedRanges; step++) {
    const factor = 1 - (0.8 * step) / triedRanges;
    const range = { low: whole.low * factor, high: whole.high * factor };
    const error = squaredError(histogram, range);
    if (error < best.error) best = { range, error };
  }
  return best.range;
}

function withoutRare({ low, high, counts }: ActivationHistogram): ActivationRange {
  const total = counts.reduce((sum, part) => sum + part, 0);
  // A side where no value lies keeps zero, and the other one gives up all that is given up.
  const perSide = total * (low < 0 && high > 0 ? outside / 2 : outside);
  const width = (high - low) / counts.length;
  const edge = (at: number): number => low + at * width;
  let first = 0;
  for (let sum = counts[0]!; sum <= perSide && first < counts.length - 1; sum += counts[first]!) first++;
  let last = counts.length;
  for (let sum = counts[last - 1]!; sum <= perSide && last > 1; sum += counts[last - 1]!) last--;
  return { low: low < 0 ? Math.min(0, edge(first)) : 0, high: high > 0 ? Math.max(0, edge(last)) : 0 };
}

/** Sum over all values, each taken at the middle of its bin, of the squared distance to its step. */
function squaredError({ low, high, counts }: ActivationHistogram, range: ActivationRange): number {
  const step = (range.high - range.low) / 255;
  if (!(step > 0)) return 0;
  const width = (high - low) / counts.length;
  let error = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const occurrences = counts[bin]!;
    if (occurrences === 0) continue;
    const value = low + (bin + 0.5) * width;
    const clipped = Math.min(range.high, Math.max(range.low, value));
    const rounded = range.low + Math.round((clipped - range.low) / step) * step;
    error += occurrences * (value - rounded) ** 2;
  }
  return error;
}
