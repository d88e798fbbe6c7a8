/** How far a picture is from those of a reference, by its statistics. */
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { PictureStatisticName } from "../image/picture-statistics.ts";
import { placeOfStatistic } from "../prediction-log/statistics-row.ts";
import { referenceColumns } from "./drift-tests.ts";

/** The statistic that a picture is furthest in. */
export interface FurthestStatistic {
  readonly statistic: string;
  readonly value: number;
  /** Of the reference: its 5th and its 95th percentile. */
  readonly usual: readonly [number, number];
  /** From the median, in halves of the range from the 5th to the 95th percentile: 1 is at its end. */
  readonly distance: number;
}

interface Scale {
  readonly name: string;
  /** In a row. */
  readonly place: number;
  readonly usual: readonly [number, number];
  readonly median: number;
  readonly half: number;
}

const scalesOf = new WeakMap<ReferenceProfile, readonly Scale[]>();

/** Of a row's statistics. Undefined for a picture within the usual range of every statistic. */
export function furthestStatistic(
  statistics: Float32Array,
  reference: ReferenceProfile,
): FurthestStatistic | undefined {
  let furthest: FurthestStatistic | undefined;
  for (const { name, place, usual, median, half } of scalesFor(reference)) {
    const value = statistics[place]!;
    // NaN, where the picture has none, is further than nothing.
    const distance = Math.abs(value - median) / half;
    if (distance > (furthest?.distance ?? 1)) furthest = { statistic: name, value, usual, distance };
  }
  return furthest;
}

function scalesFor(reference: ReferenceProfile): readonly Scale[] {
  const known = scalesOf.get(reference);
  if (known) return known;
  const scales = Object.entries(referenceColumns(reference))
    .filter(([name]) => name !== "confidence")
    .map(([name, values]) => {
      const sorted = Float64Array.from(values).sort();
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
      const [low, median, high] = [at(0.05), at(0.5), at(0.95)];
      // Where nearly all pictures have one value, others are as far as they differ by parts of it.
      const half = (high - low) / 2 || Math.max(Math.abs(median) / 10, 1e-3);
      const place = placeOfStatistic(name as PictureStatisticName); // the rest of the columns
      return { name, place, usual: [low, high] as const, median, half };
    });
  scalesOf.set(reference, scales);
  return scales;
}
