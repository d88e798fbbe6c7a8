/** The prediction, confidence and correctness of each picture. */
import { type Answers, classCountOf, indexOfLargest, logSumExp } from "./classification-metrics.ts";

export interface PictureOutcome {
  /** Class indices. */
  readonly target: number;
  readonly answer: number;
  readonly isRight: boolean;
  /** Probability of the predicted class and of the target. */
  readonly confidence: number;
  readonly targetProbability: number;
}

/** In the order of the predictions. */
export function pictureOutcomes(answers: Answers): readonly PictureOutcome[] {
  const classes = classCountOf(answers);
  return Array.from(answers.targets, (target, row) => {
    const logits = answers.logits.subarray(row * classes, (row + 1) * classes);
    const total = logSumExp(logits);
    const answer = indexOfLargest(logits);
    const probabilityOf = (index: number): number => Math.exp(logits[index]! - total);
    return {
      target,
      answer,
      isRight: answer === target,
      confidence: probabilityOf(answer),
      targetProbability: probabilityOf(target),
    };
  });
}
