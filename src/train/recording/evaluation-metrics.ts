/** The figures of an evaluation as metrics, by name. */
import type { ClassMetrics, Evaluation } from "../../metrics/classification-metrics.ts";

export interface EvaluationFigures {
  readonly evaluation: Evaluation;
  readonly calibration: { readonly expectedCalibrationError: number };
}

export function evaluationMetrics({
  evaluation: { accuracy, top5Accuracy, loss, count, classes },
  calibration,
}: EvaluationFigures): ReadonlyMap<string, number> {
  const mean = (figure: (row: ClassMetrics) => number): number =>
    classes.reduce((sum, row) => sum + figure(row), 0) / classes.length;
  return new Map([
    ["accuracy", accuracy],
    ...(top5Accuracy === undefined ? [] : ([["top5_accuracy", top5Accuracy]] as const)),
    ["loss", loss],
    ["macro_precision", mean(({ precision }) => precision)],
    ["macro_recall", mean(({ recall }) => recall)],
    ["macro_f1", mean(({ f1 }) => f1)],
    ["expected_calibration_error", calibration.expectedCalibrationError],
    ["pictures", count],
  ]);
}
