/** Statistics of a set of pictures. */
import { countBy } from "../../base/count-by.ts";
import { classFactsOf, groupByLabel, meanOf } from "./findings/class-facts.ts";
import type { ClassFacts, DecodedFacts, PictureFacts } from "./findings/findings.ts";

/**
 * Smallest, middle and largest value; the median of an even number of values is the lower of the
 * middle two.
 */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface ClassStatistics extends ClassFacts {
  /** Means over the class's pictures; see `DecodedFacts`. */
  readonly contrastMean: number;
  readonly colourfulnessMean: number;
}

/** Sizes, formats and colours of a dataset, as a whole and by class. */
export interface DatasetStatistics {
  readonly pictures: number;
  /**
   * Pictures that could not be decoded; counted in `pictures`, `sizeBytes` and the classes only.
   */
  readonly unreadable: number;
  readonly sizeBytes: number;
  readonly classes: readonly ClassStatistics[];
  /** Most frequent first. */
  readonly formats: Readonly<Record<string, number>>;
  readonly modes: Readonly<Record<string, number>>;
  /** Absent where no picture could be decoded. */
  readonly sizes?: { readonly width: Spread; readonly height: Spread; readonly bytes: Spread };
}

/** Counts, sizes and means of the pictures of a scan or an inspection. */
export function summarizePictures(facts: readonly PictureFacts[]): DatasetStatistics {
  const readable = facts.filter(({ decoded }) => decoded !== undefined);
  const decoded = readable.flatMap((picture) => picture.decoded ?? []);
  const byLabel = groupByLabel(facts);
  return {
    pictures: facts.length,
    unreadable: facts.length - readable.length,
    sizeBytes: facts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    classes: classFactsOf(facts).map((row) => ({ ...row, ...looksOf(byLabel.get(row.label) ?? []) })),
    formats: byCount(decoded, ({ format }) => format),
    modes: byCount(decoded, modeOf),
    ...(decoded.length > 0 && {
      sizes: {
        width: spreadOf(decoded.map(({ width }) => width)),
        height: spreadOf(decoded.map(({ height }) => height)),
        bytes: spreadOf(readable.map(({ sizeBytes }) => sizeBytes)),
      },
    }),
  };
}

function looksOf(facts: readonly PictureFacts[]): Pick<ClassStatistics, "contrastMean" | "colourfulnessMean"> {
  const decoded = facts.flatMap((picture) => picture.decoded ?? []);
  return {
    contrastMean: meanOf(decoded.map(({ contrast }) => contrast)),
    colourfulnessMean: meanOf(decoded.map(({ colourfulness }) => colourfulness)),
  };
}

/** `rgb`, `grey 16-bit`, `rgb with transparency`. */
function modeOf({ mode, bits, hasAlpha }: DecodedFacts): string {
  return `${mode}${bits > 8 ? ` ${bits}-bit` : ""}${hasAlpha ? " with transparency" : ""}`;
}

function byCount(decoded: readonly DecodedFacts[], keyOf: (facts: DecodedFacts) => string): Record<string, number> {
  return Object.fromEntries([...countBy(decoded, keyOf)].sort((a, b) => b[1] - a[1]));
}

/** Of at least one value. */
function spreadOf(values: readonly number[]): Spread {
  const ascending = values.toSorted((a, b) => a - b);
  return { min: ascending[0]!, median: ascending[(ascending.length - 1) >> 1]!, max: ascending.at(-1)! };
}
