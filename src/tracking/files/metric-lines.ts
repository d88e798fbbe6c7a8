/**
 * The lines of a metric's file: `time value step`, then the dataset or the run that it is of. A last
 * line without its end is what a killed process left of one, and is passed over.
 */
import type { MetricPoint } from "../run.ts";

/** As Python writes a float, so that MLflow reads the same one. */
export function formatMetricValue(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** A line without its end. */
export function formatMetricLine({ timestampMs, value, step }: Omit<MetricPoint, "key">): string {
  return `${timestampMs} ${formatMetricValue(value)} ${step}`;
}

/** Undefined for a text that Python's `float` refuses. */
function parseMetricValue(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isNaN(value)) return text === "" || /^[+-]?0[xob]/i.test(text) ? undefined : value;
  const word = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (word === null) return undefined;
  if (word[2]?.toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** One point and what follows its step; undefined for a line that no program wrote whole. */
export function parseMetricLine(key: string, line: string): { point: MetricPoint; rest: string } | undefined {
  const afterTime = line.indexOf(" ");
  if (afterTime < 1) return undefined;
  const valueEnd = line.indexOf(" ", afterTime + 1);
  const value = parseMetricValue(line.slice(afterTime + 1, valueEnd < 0 ? undefined : valueEnd).trimEnd());
  // The oldest MLflow wrote no steps.
  const stepEnd = valueEnd < 0 ? -1 : line.indexOf(" ", valueEnd + 1);
  const step = valueEnd < 0 ? 0 : Number(line.slice(valueEnd + 1, stepEnd < 0 ? undefined : stepEnd));
  const timestampMs = Number(line.slice(0, afterTime));
  if (value === undefined || !Number.isSafeInteger(timestampMs) || !Number.isSafeInteger(step)) return undefined;
  return { point: { key, value, timestampMs, step }, rest: stepEnd < 0 ? "" : line.slice(stepEnd).trimEnd() };
}

/** Each whole line, in order, without its end. */
function* wholeLines(bytes: Buffer): Generator<string> {
  const text = bytes.toString("latin1");
  for (let start = 0; ; ) {
    const end = text.indexOf("\n", start);
    if (end < 0) return;
    yield text.slice(start, end);
    start = end + 1;
  }
}

/** The points in the order in which they were logged. */
export function parseMetricFile(key: string, bytes: Buffer): MetricPoint[] {
  const points: MetricPoint[] = [];
  for (const line of wholeLines(bytes)) {
    const parsed = parseMetricLine(key, line);
    if (parsed !== undefined) points.push(parsed.point);
  }
  return points;
}

/** The lines as `formatMetricLine` would write them, with what follows where that is asked for. */
export function* canonicalLines(bytes: Buffer, withRest: boolean): Generator<string> {
  for (const line of wholeLines(bytes)) {
    const parsed = parseMetricLine("", line);
    if (parsed !== undefined) yield formatMetricLine(parsed.point) + (withRest ? parsed.rest : "");
  }
}

const newline = 10;
const blank = 32;
const minus = 45;

/**
 * The point with the highest step, then time, then value; undefined for a file without one. Looks at
 * the steps' digits only, and parses the lines that may win: files of thousands of lines are read
 * for one number.
 */
export function latestPoint(key: string, bytes: Buffer): MetricPoint | undefined {
  let best: MetricPoint | undefined;
  for (let start = 0, end = bytes.indexOf(newline); end >= 0; start = end + 1, end = bytes.indexOf(newline, start)) {
    if (best !== undefined && stepOf(bytes, start, end) < best.step) continue;
    const point = parseMetricLine(key, bytes.toString("latin1", start, end))?.point;
    if (point !== undefined && (best === undefined || isLater(point, best))) best = point;
  }
  return best;
}

/** The third number of a line; 0 where there is none. */
function stepOf(bytes: Buffer, start: number, end: number): number {
  let at = start;
  for (let blanks = 0; blanks < 2; at++) {
    if (at >= end) return 0;
    if (bytes[at] === blank) blanks++;
  }
  const isNegative = bytes[at] === minus;
  let step = 0;
  if (isNegative) at++;
  for (; at < end && bytes[at] !== blank; at++) step = step * 10 + bytes[at]! - 48;
  return isNegative ? -step : step;
}

export function isLater(point: MetricPoint, other: MetricPoint): boolean {
  if (point.step !== other.step) return point.step > other.step;
  if (point.timestampMs !== other.timestampMs) return point.timestampMs > other.timestampMs;
  return point.value > other.value;
}
