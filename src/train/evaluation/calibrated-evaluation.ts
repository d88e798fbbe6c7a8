/** The evaluation of trained weights, calibrated by a temperature from the validation split. */

import { type Progress, silentProgress } from "../../base/progress.ts";
import type { ParityReference } from "../../bundle/export-bundle.ts";
import { indicesOf, type Pack, readPixels } from "../../dataset/pack/pack.ts";
import { calibrationOf } from "../../metrics/calibration.ts";
import {
  type Answers,
  type Evaluation,
  evaluateAnswers,
  probabilitiesOf,
} from "../../metrics/classification-metrics.ts";
import { fitTemperature } from "../../metrics/temperature.ts";
import { Evaluator } from "../fit/evaluator.ts";
import type { FitResult } from "../fit/fit-options.ts";
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
  /** Of every picture of the split, in the pack's order, at the temperature. */
  readonly answers: Answers;
  /** The first pictures of the split with their probabilities. */
  readonly reference: ParityReference;
}

/** Pictures on which an exported bundle is compared with the model it came from. */
const referenceCount = 64;

/**
 * On the test split, else on the validation split, whose answers need not be computed again where
 * the training has them. Errors: INTERRUPTED, EXECUTION_FAILED.
 */
export async function evaluateCalibrated(
  { executor, pack: pictures, fitted: { model, pack }, stepPlan }: PreparedTraining,
  { best, bestAnswers }: Pick<FitResult, "best" | "bestAnswers">,
  { signal, progress = silentProgress }: { readonly signal?: AbortSignal | undefined; readonly progress?: Progress },
): Promise<CalibratedEvaluation> {
  const split = evaluatedSplit(pack);
  const evaluator = await Evaluator.start(executor, model, stepPlan.batchSize);
  const total = indicesOf(pack, split).length + (bestAnswers || split === "val" ? 0 : indicesOf(pack, "val").length);
  const task = progress.start({ label: "evaluate", total, unit: "images" });
  try {
    const validation = bestAnswers ?? (await evaluator.predict(best, pack, "val", { signal, task }));
    const { temperature } = fitTemperature(validation);
    const raw = split === "val" ? validation : await evaluator.predict(best, pack, split, { signal, task });
    task.done();
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
      answers,
      // Rows of a split stand in the same order in both packs, the pictures' own first.
      reference: { pixels: await readPixels(pictures, shown), probabilities },
    };
  } finally {
    task.fail();
    await evaluator.close();
  }
}

/** The split that a trained model is evaluated on. */
export function evaluatedSplit(pack: Pack): "test" | "val" {
  return indicesOf(pack, "test").length > 0 ? "test" : "val";
}
