/** The shares of the true classes behind answers, where pictures of each class are as before. */

/**
 * The class shares under which answers with the shares `answerShares` are likeliest, when a picture
 * of class y is answered with a as often as in the reference, whose pictures have `targets` and
 * `answers`. Answers that the reference never gave are passed over; a class without pictures stays 0.
 * The search ends where no share moves by `tolerance` any more.
 * Sources: Saerens et al., Neural Computation 14 (2002), whose expectation maximisation it is, on
 * answers; Lipton et al., Detecting and Correcting for Label Shift with Black Box Predictors, ICML
 * 2018, for the confusion matrix in it.
 */
export function classPriors(
  targets: ArrayLike<number>,
  answers: ArrayLike<number>,
  answerShares: readonly number[],
  tolerance = 1e-9,
): readonly number[] {
  const classes = answerShares.length;
  const ofTarget = new Float64Array(classes);
  const cells = new Map<number, { readonly answer: number; readonly target: number; count: number }>();
  for (let at = 0; at < targets.length; at++) {
    const [answer, target] = [answers[at]!, targets[at]!];
    const key = answer * classes + target;
    const cell = cells.get(key) ?? { answer, target, count: 0 };
    cell.count++;
    cells.set(key, cell);
    ofTarget[target]!++;
  }
  let priors = ofTarget.map((count) => count / targets.length);
  for (let step = 0; step < maxSteps; step++) {
    const likelihoods = new Float64Array(classes);
    const joint = ({ target, count }: { target: number; count: number }): number =>
      (priors[target]! * count) / ofTarget[target]!;
    for (const cell of cells.values()) likelihoods[cell.answer]! += joint(cell);
    const next = new Float64Array(classes);
    for (const cell of cells.values()) {
      const { answer, target } = cell;
      if (likelihoods[answer]! > 0) next[target]! += (answerShares[answer]! * joint(cell)) / likelihoods[answer]!;
    }
    const total = next.reduce((sum, share) => sum + share, 0);
    if (total === 0) return [...priors];
    const moved = next.reduce((most, share, at) => Math.max(most, Math.abs(share / total - priors[at]!)), 0);
    priors = next.map((share) => share / total);
    if (moved < tolerance) break;
  }
  return [...priors];
}

/** It converges within some dozens unless classes are mistaken for each other nearly always. */
const maxSteps = 500;
