/**
 * The report of `pawprint evaluate`: one HTML file with a model's metrics, its mistakes and its
 * lineage.
 */
import { formatBytes } from "../../base/quantity.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import { countOf, formatCount, type Tile, tilesHtml } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { type PageSection, renderPage } from "../page/page.ts";
import { learningSection } from "../training/learning-curves.ts";
import { classesSection, confusionSection } from "./classes.ts";
import { comparisonSection } from "./comparison.ts";
import { calibrationSection, curvesSection, thresholdsSection } from "./confidence.ts";
import { cellsSection } from "./confusion-gallery.ts";
import type { EvaluationFacts } from "./facts.ts";
import { slicesSection, wrongSection } from "./mistakes.ts";
import { exactShare, intervalText, timeText } from "./parts.ts";

export interface EvaluationReportOptions {
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/** A whole HTML document that needs no other file. The same facts give the same text. */
export async function renderEvaluationReport(
  facts: EvaluationFacts,
  { version, now }: EvaluationReportOptions,
): Promise<string> {
  const { figures } = facts;
  const sections: readonly (PageSection | undefined)[] = [
    { id: "overview", title: "Overview", body: tilesHtml(keyFigures(facts)) },
    comparisonSection(facts),
    await confusionSection(figures),
    classesSection(figures),
    wrongSection(figures, facts),
    cellsSection(figures, facts),
    slicesSection(figures),
    await calibrationSection(figures),
    await thresholdsSection(figures),
    await curvesSection(figures),
    await learningSection(facts.model.info.history, facts.model.info.evaluation.bestEpoch),
    latencySection(facts),
    lineageSection(facts),
  ];
  const { accuracy, count } = figures.evaluation;
  return renderPage({
    title: `Evaluation of ${facts.model.path}`,
    headline: html`${exactShare(accuracy)} of ${countOf(count, "picture")} answered rightly`,
    lead: leadHtml(facts),
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}

const splitNames: Readonly<Record<EvaluationFacts["split"], string>> = {
  train: "the train split",
  val: "the val split",
  test: "the test split",
  all: "all pictures",
};

function leadHtml({ figures, data, split }: EvaluationFacts): Html {
  const { evaluation, isTrainingData } = figures;
  return html`<p>On pictures like these, ${intervalText(evaluation.accuracyInterval)} with 95 % certainty. Measured on ${
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

function keyFigures({ figures }: EvaluationFacts): readonly Tile[] {
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

function latencySection({ figures: { latency }, machine }: EvaluationFacts): PageSection | undefined {
  if (latency === undefined) return undefined;
  return {
    id: "latency",
    title: "Latency",
    body: html`<p class="muted">The model alone, on pictures that are decoded, on this machine: ${machine.processor}, ${countOf(machine.cores, "core")}.</p>
<div class="scroll"><table style="width:auto">
<thead><tr><th>Pictures a call</th><th class="number">Median</th><th class="number">95th percentile</th><th class="number">Pictures a second</th><th class="number">Calls</th></tr></thead>
<tbody>${[latency.one, latency.batch].map(
      ({ batchSize, medianMs, p95Ms, picturesPerSecond, calls }) =>
        html`<tr><th scope="row">${batchSize}</th><td class="number">${timeText(medianMs)}</td><td class="number">${timeText(
          p95Ms,
        )}</td><td class="number">${formatCount(Math.round(picturesPerSecond))}</td><td class="number muted">${calls}</td></tr>`,
    )}</tbody></table></div>`,
  };
}

function lineageSection({ model, against, data, datasetHash }: EvaluationFacts): PageSection {
  const models = [model, ...(against ? [against.model] : [])];
  const rows = models.map(lineageRows);
  return {
    id: "lineage",
    title: "Lineage",
    body: html`<div class="scroll"><table style="width:auto">
<tbody>${rows[0]!.map(
      ([name, value], at) =>
        html`<tr><th scope="row">${name}</th><td>${nameHtml(value)}</td>${rows.slice(1).map((other) => html`<td>${nameHtml(other[at]![1])}</td>`)}</tr>
`,
    )}<tr><th scope="row">Evaluated on</th><td${models.length > 1 && html` colspan="2"`}>${nameHtml(data)} <span class="muted">${datasetHash}</span></td></tr></tbody></table></div>`,
  };
}

function lineageRows({ path, sizeBytes, sha256, info }: BundleFile): readonly (readonly [string, string])[] {
  const { recipe, architecture, lineage, labels } = info;
  const colours = recipe.channels === 1 ? "grey" : "colour";
  const options = Object.entries(architecture.options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [
    ["Bundle", `${path} (${formatBytes(sizeBytes)})`],
    ["SHA-256", sha256],
    ["Architecture", `${architecture.name}${options.length > 0 ? ` (${options.join("; ")})` : ""}`],
    ["Input", `${recipe.width} × ${recipe.height}, ${colours}, ${recipe.fit}`],
    ["Classes", formatCount(labels.length)],
    ["Trained from", lineage.source],
    ["Dataset", lineage.datasetHash],
    ["Run", lineage.runId],
    ["Created", lineage.createdAt],
    ["Seed", String(lineage.seed)],
    ["Git commit", lineage.gitCommit ?? "none"],
  ];
}
