/** An evaluation in a sentence and in a few figures. */
import { countOf, formatCount, type Tile } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { EvaluationFacts } from "./facts.ts";
import { exactShare, intervalText, timeText } from "./parts.ts";

export function headlineHtml({ figures: { evaluation } }: EvaluationFacts): Html {
  return html`${exactShare(evaluation.accuracy)} of ${countOf(evaluation.count, "picture")} classified correctly`;
}

const splitNames: Readonly<Record<EvaluationFacts["split"], string>> = {
  train: "the train split",
  val: "the val split",
  test: "the test split",
  all: "all pictures",
};

export function leadHtml({ figures, data, split }: EvaluationFacts): Html {
  const { evaluation, isTrainingData } = figures;
  return html`<p>95 % confidence interval of the accuracy: ${intervalText(evaluation.accuracyInterval)}. Measured on ${
    splitNames[split]
  } of ${nameHtml(data, 80)}, ${originText(split, isTrainingData)}.</p>`;
}

function originText(split: EvaluationFacts["split"], isTrainingData: boolean): string {
  if (!isTrainingData) return "which is not the set that the model was trained from";
  if (split === "all") return "which hold the pictures that the model was trained on";
  return {
    train: "which the model was trained on",
    val: "by which the best weights were chosen",
    test: "which played no part in its training",
  }[split];
}

export function keyFigures({ figures }: EvaluationFacts): readonly Tile[] {
  const { evaluation, calibration, macro, latency } = figures;
  return [
    { title: "accuracy", value: exactShare(evaluation.accuracy) },
    ...(evaluation.top5Accuracy === undefined
      ? []
      : [{ title: "top-5 accuracy", value: exactShare(evaluation.top5Accuracy) }]),
    ...(macro ? [{ title: "mean area under ROC", value: macro.auc.toFixed(4) }] : []),
    { title: "calibration error", value: exactShare(calibration.expectedCalibrationError) },
    { title: "loss", value: evaluation.loss.toFixed(4) },
    { title: "wrong answers", value: formatCount(Math.round((1 - evaluation.accuracy) * evaluation.count)) },
    ...(latency ? [{ title: "one picture, median", value: timeText(latency.one.medianMs) }] : []),
  ];
}
