/** Compares two models on the same pictures: paired accuracy difference and McNemar's test. */
import { type Answers, type Interval, normal975 } from "./classification-metrics.ts";
import { significanceLevel } from "./exact-tests.ts";
import { type McNemar, mcnemarTest } from "./mcnemar.ts";
import { pictureOutcomes } from "./picture-outcomes.ts";

export interface DisagreedPicture {
  /** Position of the picture in the evaluated set. */
  readonly row: number;
  readonly id: string;
  readonly label: string;
  readonly firstAnswer: string;
  readonly firstConfidence: number;
  readonly secondAnswer: string;
  readonly secondConfidence: number;
}

export interface ModelComparison {
  readonly count: number;
  /** How many pictures both models, or neither, predicted correctly. */
  readonly bothRight: number;
  readonly bothWrong: number;
  readonly mcnemar: McNemar;
  /** Accuracy of the second model minus that of the first, with its 95 % interval. */
  readonly difference: number;
  readonly differenceInterval: Interval;
  /** Whether McNemar's p-value is below 0.05. */
  readonly isSignificant: boolean;
  /**
   * Pictures that only one model predicted correctly, the most confident mistakes first; at most
   * `limit` of each.
   */
  readonly onlyFirstRight: readonly DisagreedPicture[];
  readonly onlySecondRight: readonly DisagreedPicture[];
}

/** Predictions of one model; models may order their classes differently. */
export interface LabelledAnswers {
  readonly answers: Answers;
  readonly labels: readonly string[];
}

/**
 * Both models must have predicted the same pictures in the same order. The interval is the normal
 * approximation for a difference of paired proportions: (c - b) / n +- 1.96 sqrt(b + c - (c - b)^2
 * / n) / n.
 * Source: Fleiss, Statistical Methods for Rates and Proportions, chapter 13.
 */
export function compareAnswers(
  first: LabelledAnswers,
  second: LabelledAnswers,
  ids: readonly string[],
  limit = 12,
): ModelComparison {
  const firstOutcomes = pictureOutcomes(first.answers);
  const secondOutcomes = pictureOutcomes(second.answers);
  const pairs = firstOutcomes.map((one, row) => ({ one, other: secondOutcomes[row]!, row }));
  const count = pairs.length;
  const onlyFirst = pairs.filter(({ one, other }) => one.isRight && !other.isRight);
  const onlySecond = pairs.filter(({ one, other }) => !one.isRight && other.isRight);
  const [b, c] = [onlyFirst.length, onlySecond.length];
  const mcnemar = mcnemarTest(b, c);
  const difference = count === 0 ? 0 : (c - b) / count;
  const reach = count === 0 ? 1 : (normal975 * Math.sqrt(Math.max(0, b + c - (c - b) ** 2 / count))) / count;
  const shown = ({ one, other, row }: (typeof pairs)[number]): DisagreedPicture => ({
    row,
    id: ids[row]!,
    label: first.labels[one.target]!,
    firstAnswer: first.labels[one.answer]!,
    firstConfidence: one.confidence,
    secondAnswer: second.labels[other.answer]!,
    secondConfidence: other.confidence,
  });
  return {
    count,
    bothRight: pairs.filter(({ one, other }) => one.isRight && other.isRight).length,
    bothWrong: pairs.filter(({ one, other }) => !one.isRight && !other.isRight).length,
    mcnemar,
    difference,
    differenceInterval: { low: Math.max(-1, difference - reach), high: Math.min(1, difference + reach) },
    isSignificant: mcnemar.pValue < significanceLevel,
    onlyFirstRight: onlyFirst
      .sort((x, y) => y.other.confidence - x.other.confidence || x.row - y.row)
      .slice(0, limit)
      .map(shown),
    onlySecondRight: onlySecond
      .sort((x, y) => y.one.confidence - x.one.confidence || x.row - y.row)
      .slice(0, limit)
      .map(shown),
  };
}
