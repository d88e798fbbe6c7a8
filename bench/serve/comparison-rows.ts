/** From what contenders did in turns to the rows of the report. */
import { type BenchmarkResult, median } from "../report.ts";

export interface Measure {
  /** Good answers per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /**
   * Processor time of one answer, in milliseconds: what else the machine does changes it least.
   */
  readonly cpu: number;
}

/**
 * The ratios that are aimed at; `null` where there is no aim. What is left out is not compared.
 */
export type Targets = Readonly<Partial<Record<keyof Measure, number | null>>>;

export interface Contender {
  readonly name: string;
  /** What our service aims at against this one, with so many callers at once. */
  targetsAt(connections: number): Targets;
  readonly runs: Measure[];
}

const measures = [
  { key: "rate", unit: "requests/s", isMoreBetter: true },
  { key: "p50", unit: "ms p50", isMoreBetter: false },
  { key: "p99", unit: "ms p99", isMoreBetter: false },
  { key: "cpu", unit: "ms CPU", isMoreBetter: false },
] as const;

/** Ratios are those of the medians, above 1 where ours is better. Without others, there is ours. */
export function resultsOf(
  name: string,
  connections: number,
  own: Pick<Contender, "runs">,
  others: readonly Contender[],
): readonly BenchmarkResult[] {
  const medianOf = ({ runs }: Pick<Contender, "runs">, key: keyof Measure) => median(runs.map((run) => run[key]));
  if (others.length === 0) {
    return measures.map(({ key, unit }) => {
      const absent = { peer: "none", peerValue: null, ratio: null, target: null };
      return { case: name, value: medianOf(own, key), unit, ...absent };
    });
  }
  return others.flatMap((other) => {
    const targets = other.targetsAt(connections);
    return measures.flatMap(({ key, unit, isMoreBetter }) => {
      const target = targets[key];
      if (target === undefined) return [];
      const [value, peerValue] = [medianOf(own, key), medianOf(other, key)];
      const ratio = isMoreBetter ? value / peerValue : peerValue / value;
      return [{ case: name, value, unit, peer: other.name, peerValue, ratio, target }];
    });
  });
}
