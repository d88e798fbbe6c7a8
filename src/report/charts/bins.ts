/** Counts values into bins, so that a chart's size does not grow with the data's. */

export interface Bin {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/**
 * `linear`: bins of equal width. `log`: bins of equal ratio, for positive values that differ by
 * orders of magnitude.
 */
export type BinScale = "linear" | "log";

export interface BinPoint {
  readonly x: number;
  readonly y: number;
  readonly series: string;
}

/** Several points close together, at their means. */
export interface PointCluster extends BinPoint {
  readonly count: number;
}

/**
 * Ascending edges of about `bins` bins over all finite values (over all positive ones for `log`);
 * linear edges are multiples of 1, 2 or 5 times a power of ten. One value alone gets a bin around
 * it; none gives no edges.
 */
export function binEdges(values: readonly number[], bins: number, scale: BinScale = "linear"): readonly number[] {
  const { min, max } = extentOf(values.filter((value) => Number.isFinite(value) && (scale === "linear" || value > 0)));
  if (min > max) return [];
  // Values that differ by rounding alone are one value: edges between them could not be told apart.
  const isOne = max - min <= 1e-9 * Math.max(Math.abs(min), Math.abs(max));
  if (scale === "log") {
    // One value of its own gets a bin from 0.9 to 1.1 of it.
    const [from, to] = isOne ? [min * 0.9, max * 1.1] : [min, max];
    const ratio = (to / from) ** (1 / bins);
    return Array.from({ length: bins + 1 }, (_, at) => (at === bins ? to : from * ratio ** at));
  }
  const step = niceStep(isOne ? Math.abs(min) / 10 || 1 : (max - min) / bins);
  const first = Math.floor(min / step);
  const last = Math.max(first + 1, Math.ceil(max / step));
  // Multiples by division where the step is below 1: 3 / 10 is 0.3, 3 * 0.1 is not.
  const scaled = (at: number): number => (step >= 1 ? at * step : at / Math.round(1 / step));
  return Array.from({ length: last - first + 1 }, (_, at) => scaled(first + at));
}

/**
 * How many values lie in each bin; a bin holds its start, the last one its end too. Values outside
 * the edges and NaN are in none.
 */
export function countInBins(values: readonly number[], edges: readonly number[]): readonly Bin[] {
  const counts = new Array<number>(Math.max(0, edges.length - 1)).fill(0);
  for (const value of values) {
    const at = binOf(value, edges);
    if (at >= 0) counts[at]!++;
  }
  return counts.map((count, at) => ({ start: edges[at]!, end: edges[at + 1]!, count }));
}

/**
 * Joins points that fall into the same cell of a grid, series by series, until at most `limit`
 * clusters are left (where the number of series allows it). Points that stand alone keep their
 * place.
 */
export function clusterPoints(points: readonly BinPoint[], limit: number): readonly PointCluster[] {
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const [xs, ys] = [extentOf(finite.map(({ x }) => x)), extentOf(finite.map(({ y }) => y))];
  for (let cells = 256; ; cells /= 2) {
    const clusters = clusterInto(finite, cells, xs, ys);
    if (clusters.length <= limit || cells === 1) return clusters;
  }
}

interface Extent {
  readonly min: number;
  readonly max: number;
}

function clusterInto(points: readonly BinPoint[], cells: number, xs: Extent, ys: Extent): readonly PointCluster[] {
  const cellOf = (value: number, { min, max }: Extent): number =>
    max === min ? 0 : Math.min(cells - 1, Math.floor(((value - min) / (max - min)) * cells));
  const sums = new Map<string, { series: string; x: number; y: number; count: number }>();
  for (const { x, y, series } of points) {
    const key = `${cellOf(x, xs)} ${cellOf(y, ys)} ${series}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { series, x, y, count: 1 });
    else {
      sum.x += x;
      sum.y += y;
      sum.count++;
    }
  }
  return [...sums.values()].map(({ series, x, y, count }) => ({ series, x: x / count, y: y / count, count }));
}

function binOf(value: number, edges: readonly number[]): number {
  const last = edges.length - 1;
  if (last < 1 || !(value >= edges[0]! && value <= edges[last]!)) return -1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** The next of 1, 2, 5 times a power of ten that is not smaller. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const factor = [1, 2, 5, 10].find((of) => of * power >= atLeast * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Without spreading the values into arguments, of which there can be too many. */
function extentOf(values: readonly number[]): Extent {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { min, max };
}
