/** Predictions of one model version in one window of time, as they come. */
import { createRandom, type Random } from "../base/random.ts";
import { pictureStatisticNames } from "../image/picture-statistics.ts";
import { LabelledCounts, type LabelledFigures } from "../metrics/labelled-counts.ts";
import type { LabelledPrediction } from "../prediction-log/prediction-log.ts";
import { placeOfStatistic, statisticsRowLength } from "../prediction-log/statistics-row.ts";
import type { DriftReport } from "./detect-drift.ts";

export interface WindowFigures {
  readonly model: string;
  readonly version: string;
  /** Of its first and its last prediction; milliseconds since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  /** False for what has not come to an end yet. */
  readonly isComplete: boolean;
  readonly meanConfidence: number;
  /** Share of each class among the answers, in the order of the model's labels. */
  readonly classShares: readonly number[];
  /** Means of picture statistics, where there are some. */
  readonly means: Readonly<Record<string, number>>;
  readonly labelled?: LabelledFigures;
  /** Against the reference of its model. */
  readonly drift: DriftReport | { readonly notTested: string };
}

/** The last complete window; where there is none yet, the last one. */
export function latestWindow(windows: readonly WindowFigures[]): WindowFigures | undefined {
  return windows.findLast(({ isComplete }) => isComplete) ?? windows.at(-1);
}

/** Of a window so many predictions are tested at most: the reference has no more, so more show little. */
export const mostObservations = 1000;

/** Collects a window in memory that does not grow with it. */
export class WindowCounts {
  readonly firstMs: number;
  #lastMs: number;
  #count = 0;
  #confidence = 0;
  readonly #classes: number[];
  /** In the places of a row's statistics. */
  readonly #sums = new Float64Array(statisticsRowLength);
  readonly #counts = new Float64Array(statisticsRowLength);
  readonly #labelled = new LabelledCounts();
  #observed = 0;
  readonly #sample: LabelledPrediction[] = [];
  readonly #random: Random;

  constructor(first: LabelledPrediction, labelCount: number) {
    this.firstMs = first.timeMs;
    this.#lastMs = first.timeMs;
    this.#classes = new Array<number>(labelCount).fill(0);
    this.#random = createRandom(first.timeMs);
  }

  /** `answer`: the class of its label; undefined for none of the model's. */
  add(row: LabelledPrediction, answer: number | undefined, statistics: Float32Array | undefined): void {
    const { timeMs, confidence, label, trueLabel } = row;
    this.#lastMs = timeMs;
    this.#count++;
    this.#confidence += confidence;
    if (trueLabel !== undefined) this.#labelled.add(trueLabel, label, confidence);
    if (answer === undefined) return;
    this.#classes[answer]!++;
    if (statistics !== undefined) this.#addStatistics(statistics);
    this.#keep(row);
  }

  get count(): number {
    return this.#count;
  }

  #addStatistics(statistics: Float32Array): void {
    for (let place = 1; place < statisticsRowLength; place++) {
      const value = statistics[place]!;
      if (Number.isNaN(value)) continue;
      this.#sums[place]! += value;
      this.#counts[place]!++;
    }
  }

  /** Each with the same probability: Vitter, ACM Transactions on Mathematical Software 11 (1985), algorithm R. */
  #keep(row: LabelledPrediction): void {
    this.#observed++;
    if (this.#sample.length < mostObservations) {
      this.#sample.push(row);
      return;
    }
    const at = this.#random.integer(this.#observed);
    if (at < mostObservations) this.#sample[at] = row;
  }

  /** A random sample of at most `mostObservations`. */
  get sample(): readonly LabelledPrediction[] {
    return this.#sample;
  }

  figures(): Omit<WindowFigures, "model" | "version" | "isComplete" | "drift"> {
    const labelled = this.#labelled.figures();
    const classified = this.#classes.reduce((sum, count) => sum + count, 0);
    return {
      firstMs: this.firstMs,
      lastMs: this.#lastMs,
      count: this.#count,
      meanConfidence: this.#confidence / this.#count,
      classShares: this.#classes.map((count) => (classified === 0 ? 0 : count / classified)),
      means: Object.fromEntries(
        pictureStatisticNames.flatMap((name) => {
          const place = placeOfStatistic(name);
          return this.#counts[place] === 0 ? [] : [[name, this.#sums[place]! / this.#counts[place]!] as const];
        }),
      ),
      ...(labelled && { labelled }),
    };
  }
}
