/** Accuracy by slice: groups of pictures on which a model may be worse than its mean shows. */
import { type Interval, wilsonInterval } from "./classification-metrics.ts";
import { holmCorrected, isWorseTest, significanceLevel } from "./exact-tests.ts";

/** The property by which pictures are grouped. */
export type SliceDimension = "class" | "size" | "brightness" | "source";

export interface Slice {
  readonly dimension: SliceDimension;
  /** "cat", "82 to 110 px", "phone". */
  readonly name: string;
  readonly count: number;
  readonly right: number;
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval: Interval;
  /**
   * One-sided p-value of Fisher's exact test that the slice is no worse than the rest, with Holm's
   * correction for the number of slices.
   */
  readonly pValue: number;
  /** Whether the slice is significantly worse than the rest: p-value below 0.05. */
  readonly isWorse: boolean;
}

/**
 * Properties of each picture, in the order of the predictions; `undefined` where one is unknown.
 */
export interface SliceFacts {
  readonly classes: readonly string[];
  /** The shorter side in pixels before resizing. */
  readonly shorterSidesPx?: readonly (number | undefined)[];
  /** Mean luma, 0 to 255. */
  readonly brightness?: readonly number[];
  /** Paths inside the source. */
  readonly ids?: readonly string[];
}

const quantileCount = 4;
/** More folders than this are most likely one for each picture or each series. */
const maxSources = 50;

/** Slices in the order of dimensions; a dimension without at least two groups has none. */
export function slicesOf(isRight: readonly boolean[], facts: SliceFacts): readonly Slice[] {
  const { classes, shorterSidesPx, brightness, ids } = facts;
  const parted: readonly (readonly [SliceDimension, Groups])[] = [
    ["class", groupBy(classes)],
    ["size", shorterSidesPx ? quantileGroups(shorterSidesPx, (px) => `${Math.round(px)}`, "px") : new Map()],
    ["brightness", brightness ? quantileGroups(brightness, (luma) => luma.toFixed(0), "of 255") : new Map()],
    ["source", ids ? sourceGroups(ids, classes) : new Map()],
  ];
  const all = { right: isRight.filter(Boolean).length, count: isRight.length };
  const raw = parted.flatMap(([dimension, groups]) =>
    groups.size < 2
      ? []
      : [...groups].map(([name, rows]) => {
          const right = rows.filter((row) => isRight[row]).length;
          const rest = { right: all.right - right, count: all.count - rows.length };
          return { dimension, name, count: rows.length, right, test: isWorseTest({ right, count: rows.length }, rest) };
        }),
  );
  const corrected = holmCorrected(raw.map(({ test }) => test));
  return raw.map(({ test: _, ...slice }, at) => ({
    ...slice,
    accuracy: slice.right / slice.count,
    interval: wilsonInterval(slice.right, slice.count),
    pValue: corrected[at]!,
    isWorse: corrected[at]! < significanceLevel,
  }));
}

/** Rows of pictures by the name of their group. */
type Groups = ReadonlyMap<string, readonly number[]>;

function groupBy(names: readonly (string | undefined)[]): Groups {
  const groups = new Map<string, number[]>();
  names.forEach((name, row) => {
    if (name === undefined) return;
    const rows = groups.get(name);
    if (rows) rows.push(row);
    else groups.set(name, [row]);
  });
  return groups;
}

/** Up to four quantile groups of about equal size, in ascending order, named by their range. */
function quantileGroups(
  values: readonly (number | undefined)[],
  format: (value: number) => string,
  unit: string,
): Groups {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return new Map();
  const edges = new Set<number>();
  for (let at = 1; at < quantileCount; at++) edges.add(known[Math.floor((at * known.length) / quantileCount)]!);
  // Equal values stay together: a group begins at its edge, and no edge stands below the lowest
  // value.
  const starts = [known[0]!, ...[...edges].filter((edge) => edge > known[0]!)];
  const members = starts.map((start, at) => {
    const end = starts[at + 1] ?? Number.POSITIVE_INFINITY;
    return values.flatMap((value, row) => (value !== undefined && value >= start && value < end ? [row] : []));
  });
  const groups = new Map<string, readonly number[]>();
  members.forEach((rows, at) => {
    const highest = rows.reduce((max, row) => Math.max(max, values[row]!), Number.NEGATIVE_INFINITY);
    const [from, to] = [format(starts[at]!), format(highest)];
    const name = from === to ? `${from} ${unit}` : `${from} to ${to} ${unit}`;
    // Groups that read the same after rounding are one.
    groups.set(name, [...(groups.get(name) ?? []), ...rows]);
  });
  return groups;
}

/**
 * Groups by the first folder level of the paths that separates pictures, class folders ignored;
 * none where the folders only repeat the class.
 */
function sourceGroups(ids: readonly string[], classes: readonly string[]): Groups {
  const labels = new Set(classes.map((label) => label.toLowerCase()));
  const folders = ids.map((id) =>
    id
      .split("/")
      .slice(0, -1)
      .filter((part) => !labels.has(part.toLowerCase())),
  );
  const deepest = folders.reduce((most, parts) => Math.max(most, parts.length), 0);
  for (let depth = 1; depth <= deepest; depth++) {
    const groups = groupBy(folders.map((parts) => parts.slice(0, depth).join("/") || "(top)"));
    if (groups.size < 2) continue;
    const isClassAgain = [...groups.values()].every((rows) => rows.every((row) => classes[row] === classes[rows[0]!]));
    return groups.size > maxSources || isClassAgain ? new Map() : groups;
  }
  return new Map();
}
