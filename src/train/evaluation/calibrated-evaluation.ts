/** The evaluation of trained weights, calibrated by a temperature from the validation split. */

import type { ParityReference } from "../../bundle/export-bundle.ts";
import { indicesOf, type Pack, readPixels } from "../../dataset/pack/pack.ts";
import { calibrationOf } from "../../metrics/calibration.ts";
import { type Evaluation, evaluateAnswers, probabilitiesOf } from "../../metrics/classification-metrics.ts";
import { fitTemperature } from "../../metrics/temperature.ts";
import type { Weights } from "../../nn/inference-graph.ts";
import { Evaluator } from "../fit/evaluator.ts";
import type { PreparedTraining } from "../prepare-training.ts";

export interface CalibratedEvaluation {
  readonly split: "test" | "val";
  /** At the temperature. */
  readonly evaluation: Evaluation;
  readonly calibration: {
    readonly temperature: number;
    readonly expectedCalibrationError: number;
    /** Without the temperature. */
    readonly errorBefore: number;
  };
  /** The first pictures of the split with their probabilities. */
  readonly reference: ParityReference;
}

/** Pictures on which an exported bundle is compared with the model it came from. */
const referenceCount = 64;

/** On the test split, else on the validation split. Errors: INTERRUPTED, EXECUTION_FAILED. */
export async function evaluateCalibrated(
  { executor, model, pack, stepPlan }: PreparedTraining,
  weights: Weights,
  signal: AbortSignal | undefined,
): Promise<CalibratedEvaluation> {
  const split = evaluatedSplit(pack);
  const evaluator = await Evaluator.start(executor, model, stepPlan.batchSize);
  try {
    const { temperature } = fitTemperature(await evaluator.predict(weights, pack, "val", signal));
    const raw = await evaluator.predict(weights, pack, split, signal);
    const answers = { ...raw, logits: raw.logits.map((logit) => logit / temperature) };
    const classes = model.labels.length;
    const shown = indicesOf(pack, split).subarray(0, referenceCount);
    const probabilities = Array.from(shown).flatMap((_, row) =>
      probabilitiesOf(answers.logits.subarray(row * classes, (row + 1) * classes)),
    );
    return {
      split,
      evaluation: evaluateAnswers(answers, model.labels),
      calibration: {
        temperature,
        expectedCalibrationError: calibrationOf(answers).expectedCalibrationError,
        errorBefore: calibrationOf(raw).expectedCalibrationError,
      },
      reference: { pixels: await readPixels(pack, shown), probabilities },
    };
  } finally {
    await evaluator.close();
  }
}

/** The split that a trained model is evaluated on. */
export function evaluatedSplit(pack: Pack): "test" | "val" {
  return indicesOf(pack, "test").length > 0 ? "test" : "val";
}
