/** The sections of an evaluation's page on confidence: calibration, ranking curves, thresholds. */

import { chartHtml, formatCount } from "../page/elements.ts";
import { html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";
import { confidenceChart, coverageChart, reliabilityChart } from "./confidence-charts.ts";
import { precisionRecallChart, rocChart } from "./curve-charts.ts";
import type { ModelFigures } from "./facts.ts";
import { exactShare, intervalText } from "./parts.ts";

/** How far confidence can be believed. */
export async function calibrationSection({ calibration, uncalibrated }: ModelFigures): Promise<PageSection> {
  const { expectedCalibrationError: ece, meanConfidence, temperature, bins } = calibration;
  const rows = [
    ["Expected calibration error", ece, uncalibrated?.expectedCalibrationError],
    ["Maximum calibration error", calibration.maximumCalibrationError, uncalibrated?.maximumCalibrationError],
    ["Brier score", calibration.brierScore, uncalibrated?.brierScore],
    ["Negative log-likelihood", calibration.negativeLogLikelihood, uncalibrated?.negativeLogLikelihood],
  ] as const;
  return {
    id: "calibration",
    title: "Calibration",
    body: html`<p>On average the model is ${exactShare(meanConfidence, 1)} sure. Its confidence is off by ${exactShare(
      ece,
    )} in the mean${temperature !== 1 && `; its logits are divided by a temperature of ${temperature.toFixed(3)}`}.</p>
<div class="scroll"><table style="width:auto"><thead><tr><th></th><th class="number">${
      uncalibrated ? "Calibrated" : "As answered"
    }</th>${uncalibrated && html`<th class="number">Before</th>`}</tr></thead>
<tbody>${rows.map(
      ([name, value, before]) =>
        html`<tr><th scope="row">${name}</th><td class="number">${value.toFixed(4)}</td>${
          before !== undefined && html`<td class="number muted">${before.toFixed(4)}</td>`
        }</tr>`,
    )}</tbody></table></div>
<div class="charts">${await chartHtml(
      "Reliability",
      reliabilityChart(bins, ece),
      "Dots on the dashed line: as often right as it is sure. Below it: too sure.",
    )}${await chartHtml("Confidence", confidenceChart(bins), "How sure the answers are.")}</div>`,
  };
}

/** ROC and precision-recall curves; undefined where no class can be ranked. */
export async function curvesSection({ curves, macro, rankings }: ModelFigures): Promise<PageSection | undefined> {
  if (macro === undefined || curves.length === 0) return undefined;
  const isPart = rankings.length > curves.length;
  // Of two classes one curve is the other's mirror image, with the same area.
  const roc = rankings.length === 2 ? curves.slice(0, 1) : curves;
  return {
    id: "curves",
    title: "ROC and precision-recall",
    body: html`<p>Each class against the rest: mean area under the ROC curve ${macro.auc.toFixed(4)}, mean average precision ${macro.averagePrecision.toFixed(
      4,
    )}.${isPart && ` Drawn are the ${curves.length} classes of lowest average precision.`}</p>
<div class="charts">${await chartHtml("ROC", rocChart(roc), "The figure beside a name is the area.")}${await chartHtml(
      "Precision and recall",
      precisionRecallChart(curves),
      "The figure beside a name is the average precision.",
    )}</div>`,
  };
}

/** What answering only above a confidence costs and brings. */
export async function thresholdsSection({ thresholds }: ModelFigures): Promise<PageSection> {
  const names = thresholds[0]?.classes?.map(({ label }) => label) ?? [];
  const share = (value: number | undefined): string => (value === undefined ? "–" : exactShare(value, 1));
  return {
    id: "thresholds",
    title: "Thresholds",
    body: html`<p class="muted">Answers below the threshold are left to a person: what share is still answered, and how much of that is right.</p>
<div class="scroll"><table>
<thead><tr><th>Threshold</th><th class="number">Answered</th><th class="number">Share</th><th class="number">Accuracy</th><th class="number on-desk">95 % interval</th>${names.map(
      (name) => html`<th class="number">${nameHtml(name, 16)}: precision</th><th class="number">recall</th>`,
    )}</tr></thead>
<tbody>${thresholds.map(
      ({ threshold, kept, coverage, accuracy, interval, classes = [] }) =>
        html`<tr><th scope="row">${String(threshold)}</th><td class="number">${formatCount(kept)}</td><td class="number">${exactShare(
          coverage,
          1,
        )}</td><td class="number">${accuracy === undefined ? "–" : exactShare(accuracy)}</td><td class="number muted on-desk">${
          interval && intervalText(interval)
        }</td>${classes.map(
          ({ precision, recall }) =>
            html`<td class="number">${share(precision)}</td><td class="number">${share(recall)}</td>`,
        )}</tr>
`,
    )}</tbody></table></div>
${await chartHtml("Accuracy and share answered", coverageChart(thresholds), "The numbers at the dots are thresholds; those without room are left out.")}`,
  };
}
