/**
 * The form that every benchmark prints: a table for people, one JSON object as the last line with
 * `--json`.
 */

export interface BenchmarkResult {
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  /** The peer's name and version; absent peers are said to be absent. */
  readonly peer: string;
  readonly peerValue: number | null;
  /** Above 1: better than the peer. `null` where the peer is absent. */
  readonly ratio: number | null;
  /** `null` where nothing is aimed at. */
  readonly target: number | null;
}

export interface Benchmark {
  readonly name: string;
  readonly results: readonly BenchmarkResult[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of numbers in ascending order; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Columns as wide as their widest cell. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${lineOf(row)}\n`).join("");
}

export function printBenchmark(benchmark: Benchmark, asJson: boolean): void {
  const number = (value: number | null) =>
    value === null ? "absent" : value >= 100 ? value.toFixed(0) : value.toFixed(2);
  const rows = [
    ["case", "value", "unit", "peer", "peer value", "ratio", "target"],
    ...benchmark.results.map((row) => [
      row.case,
      number(row.value),
      row.unit,
      row.peer,
      number(row.peerValue),
      number(row.ratio),
      row.target === null ? "none" : number(row.target),
    ]),
  ];
  process.stdout.write(tableOf(rows));
  if (asJson) process.stdout.write(`${JSON.stringify(benchmark)}\n`);
}
