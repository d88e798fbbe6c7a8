/** All evaluation metrics of a classifier, computed from logits and targets. */
import { type Calibration, calibrationOf } from "./calibration.ts";
import { type Answers, type Evaluation, evaluateAnswers } from "./classification-metrics.ts";
import { type ConfusionCell, confusionCells } from "./confusion-pictures.ts";
import { type Curves, curvesOf, normalizersOf, type Ranking, rankingOf, scoresOfClass } from "./curves.ts";
import { pictureOutcomes } from "./picture-outcomes.ts";
import { type Slice, slicesOf } from "./slices.ts";
import { type ThresholdRow, thresholdTable } from "./thresholds.ts";
import { mostConfidentlyWrong, type WrongPicture } from "./wrong-pictures.ts";

export interface ClassRanking extends Ranking {
  readonly label: string;
}

export interface ClassCurves extends ClassRanking, Curves {}

export interface Analysis {
  readonly evaluation: Evaluation;
  readonly calibration: Calibration;
  /** Calibration of the raw logits; only where the bundle has a temperature other than 1. */
  readonly uncalibrated?: Calibration;
  /**
   * One-vs-rest ranking metrics in the order of labels; classes that all pictures have, or none,
   * are left out.
   */
  readonly rankings: readonly ClassRanking[];
  /** Macro average over `rankings`; absent where there are none. */
  readonly macro?: Ranking;
  /** Curves of the at most six classes with the lowest average precision, the lowest first. */
  readonly curves: readonly ClassCurves[];
  readonly thresholds: readonly ThresholdRow[];
  /** Wrong predictions, the most confident first. */
  readonly wrong: readonly WrongPicture[];
  /** Pictures for the cells of the confusion matrix, a bounded number. */
  readonly cells: readonly ConfusionCell[];
  readonly slices: readonly Slice[];
}

export interface AnalysisFacts {
  readonly ids: readonly string[];
  /** The temperature by which the logits were divided already. Default 1. */
  readonly temperature?: number;
  readonly brightness?: readonly number[];
  readonly shorterSidesPx?: readonly (number | undefined)[];
  /** How many wrong predictions are listed. Default 24. */
  readonly wrongLimit?: number;
}

/** As many as a chart has colours for. */
const curveLimit = 6;

/** Throws INTERNAL where logits, targets and labels do not fit together. */
export function analyseAnswers(answers: Answers, labels: readonly string[], facts: AnalysisFacts): Analysis {
  const { ids, temperature = 1, brightness, shorterSidesPx, wrongLimit = 24 } = facts;
  const evaluation = evaluateAnswers(answers, labels);
  const outcomes = pictureOutcomes(answers);
  const calibration = { ...calibrationOf(answers), temperature };
  const { rankings, macro, curves } = rankClasses(answers, labels);
  return {
    evaluation,
    calibration,
    // The logits were divided by the temperature: dividing by its inverse undoes that.
    ...(temperature !== 1 && { uncalibrated: { ...calibrationOf(answers, 1 / temperature), temperature: 1 } }),
    rankings,
    ...(macro && { macro }),
    curves,
    thresholds: thresholdTable(outcomes, labels),
    wrong: mostConfidentlyWrong(outcomes, labels, ids, wrongLimit),
    cells: confusionCells(outcomes, labels.length, ids),
    slices: slicesOf(
      outcomes.map(({ isRight }) => isRight),
      {
        classes: outcomes.map(({ target }) => labels[target]!),
        ids,
        ...(brightness && { brightness }),
        ...(shorterSidesPx && { shorterSidesPx }),
      },
    ),
  };
}

function rankClasses(
  answers: Answers,
  labels: readonly string[],
): Pick<Analysis, "rankings" | "curves"> & { readonly macro: Ranking | undefined } {
  const normalizers = normalizersOf(answers);
  const ranked = labels.flatMap((label, index) => {
    const ranking = rankingOf(scoresOfClass(answers, index, normalizers));
    return ranking ? [{ label, index, ...ranking }] : [];
  });
  const mean = (measure: (ranking: Ranking) => number): number =>
    ranked.reduce((sum, ranking) => sum + measure(ranking), 0) / ranked.length;
  const worst = ranked.toSorted((a, b) => a.averagePrecision - b.averagePrecision).slice(0, curveLimit);
  return {
    rankings: ranked.map(({ index: _, ...ranking }) => ranking),
    macro:
      ranked.length === 0
        ? undefined
        : { auc: mean(({ auc }) => auc), averagePrecision: mean(({ averagePrecision }) => averagePrecision) },
    curves: worst.flatMap(({ index, ...ranking }) => {
      const curves = curvesOf(scoresOfClass(answers, index, normalizers));
      return curves ? [{ ...ranking, ...curves }] : [];
    }),
  };
}
