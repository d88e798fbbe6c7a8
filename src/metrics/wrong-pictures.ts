/**
 * The pictures on which a model was most surely wrong: mislabelled ones, odd ones, and what it has
 * not learned.
 */
import type { PictureOutcome } from "./picture-outcomes.ts";

export interface WrongPicture {
  /** Where the picture stands among the answers. */
  readonly row: number;
  readonly id: string;
  /** What it is, and the probability that was given to it. */
  readonly label: string;
  readonly labelProbability: number;
  /** What was answered instead, and how surely. */
  readonly answer: string;
  readonly confidence: number;
}

/**
 * The `limit` wrong answers of highest confidence, the surest first; equals in the answers' order.
 */
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
