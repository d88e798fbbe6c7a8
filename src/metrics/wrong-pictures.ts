/** The most confident wrong predictions: often mislabelled or unusual pictures. */
import type { PictureOutcome } from "./picture-outcomes.ts";

export interface WrongPicture {
  /** Position of the picture in the evaluated set. */
  readonly row: number;
  readonly id: string;
  /** The ground truth, and its predicted probability. */
  readonly label: string;
  readonly labelProbability: number;
  /** The prediction and its confidence. */
  readonly answer: string;
  readonly confidence: number;
}

/** The `limit` most confident wrong predictions in descending order. */
export function mostConfidentlyWrong(
  outcomes: readonly PictureOutcome[],
  labels: readonly string[],
  ids: readonly string[],
  limit: number,
): readonly WrongPicture[] {
  return outcomes
    .map((outcome, row) => ({ ...outcome, row }))
    .filter(({ isRight }) => !isRight)
    .sort((a, b) => b.confidence - a.confidence || a.row - b.row)
    .slice(0, limit)
    .map(({ row, target, answer, confidence, targetProbability }) => ({
      row,
      id: ids[row]!,
      label: labels[target]!,
      labelProbability: targetProbability,
      answer: labels[answer]!,
      confidence,
    }));
}
