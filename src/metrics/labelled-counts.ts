/** What labels say of answers: accuracy, confusion and calibration, in memory that does not grow. */
import { createRandom } from "../base/random.ts";
import { type ReliabilityBin, ReliabilityCounts } from "./calibration.ts";
import { type Interval, wilsonInterval } from "./classification-metrics.ts";

export interface LabelledFigures {
  readonly count: number;
  readonly right: number;
  readonly accuracy: number;
  /** Wilson's 95 % interval. */
  readonly interval: Interval;
  readonly meanConfidence: number;
  /** 0 to 1. */
  readonly expectedCalibrationError: number;
  /** What 95 % of drawings of as many labels give, where each bin is as accurate as it was seen. */
  readonly calibrationInterval: Interval;
  readonly bins: readonly ReliabilityBin[];
  /** Pairs that came, most frequent first. */
  readonly confusion: readonly ConfusionCount[];
}

/** How often a picture of `label` was answered with `answer`. */
export interface ConfusionCount {
  readonly label: string;
  readonly answer: string;
  readonly count: number;
  /** Of the pictures of `label`. */
  readonly share: number;
  /** Wilson's 95 % interval of the share. */
  readonly interval: Interval;
}

const replicates = 400;

/** Answers that were labelled are added one by one. */
export class LabelledCounts {
  #count = 0;
  #right = 0;
  #confidence = 0;
  readonly #reliability = new ReliabilityCounts();
  readonly #confusion = new Map<string, Map<string, number>>();

  add(label: string, answer: string, confidence: number): void {
    this.#count++;
    this.#right += Number(label === answer);
    this.#confidence += confidence;
    this.#reliability.add(confidence, label === answer);
    const answers = this.#confusion.get(label) ?? new Map<string, number>();
    this.#confusion.set(label, answers.set(answer, (answers.get(answer) ?? 0) + 1));
  }

  get count(): number {
    return this.#count;
  }

  get right(): number {
    return this.#right;
  }

  /** Undefined without a label. */
  figures(): LabelledFigures | undefined {
    if (this.#count === 0) return undefined;
    const [count, right] = [this.#count, this.#right];
    return {
      count,
      right,
      accuracy: right / count,
      interval: wilsonInterval(right, count),
      meanConfidence: this.#confidence / count,
      expectedCalibrationError: this.#reliability.expectedError(),
      calibrationInterval: this.#calibrationInterval(),
      bins: this.#reliability.bins(),
      confusion: [...this.#confusion]
        .flatMap(([label, answers]) => confusionsOf(label, answers))
        .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1)),
    };
  }

  /** Parametric bootstrap: each bin's right answers are drawn anew, normal with a binomial's variance. */
  #calibrationInterval(): Interval {
    const random = createRandom(this.#count);
    const drawn = Float64Array.from({ length: replicates }, () =>
      this.#reliability.expectedError(({ count, right }) => {
        // Wilson's estimate, which is never certain of a bin with few answers.
        const share = (right + 2) / (count + 4);
        return Math.min(count, Math.max(0, right + random.normal() * Math.sqrt(count * share * (1 - share))));
      }),
    ).sort();
    return { low: drawn[Math.floor(replicates * 0.025)]!, high: drawn[Math.ceil(replicates * 0.975) - 1]! };
  }
}

function confusionsOf(label: string, answers: ReadonlyMap<string, number>): readonly ConfusionCount[] {
  const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
  return [...answers].map(([answer, count]) => ({
    label,
    answer,
    count,
    share: count / all,
    interval: wilsonInterval(count, all),
  }));
}
