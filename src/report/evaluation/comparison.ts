/** The section of an evaluation's page that puts two models side by side. */
import { formatBytes } from "../../base/quantity.ts";
import type { DisagreedPicture } from "../../metrics/compare-answers.ts";
import { countOf, formatCount } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";
import type { AgainstFigures, EvaluationFacts, ModelFigures } from "./facts.ts";
import { answeredPictures, exactShare, intervalText, labelHtml, pValueText, timeText } from "./parts.ts";

const shownClasses = 30;

/** Undefined where there is no second model. */
export function comparisonSection(facts: EvaluationFacts): PageSection | undefined {
  const { against, thumbnails } = facts;
  if (against === undefined) return undefined;
  const { comparison, trainedOn = 0 } = against.figures;
  return {
    id: "comparison",
    title: "Against the other model",
    body: html`<p>${comparisonVerdict(against.figures)}</p>
${
  trainedOn > 0 &&
  facts.split !== "train" &&
  html`<p class="warning">The other model was trained on ${countOf(trainedOn, "of these pictures", "of these pictures")}: its figures are too good.</p>`
}
${figuresTable(facts, against)}
${agreementTable(comparison)}
${classesTable(facts.figures, against.figures)}
${disagreedHtml("Only this model is right", comparison.onlyFirstRight, comparison.mcnemar.onlyFirstRight, thumbnails)}
${disagreedHtml("Only the other model is right", comparison.onlySecondRight, comparison.mcnemar.onlySecondRight, thumbnails)}`,
  };
}

/** In a sentence: which is better, by how much, and whether that is more than chance. */
export function comparisonVerdict({ comparison }: Pick<AgainstFigures, "comparison">): string {
  const { difference, differenceInterval, mcnemar, isSignificant } = comparison;
  const { method, pValue } = mcnemar;
  const test = `McNemar’s test (${method}): ${pValueText(pValue)}`;
  if (difference === 0) return `Both models are right equally often. ${test}.`;
  const points = `${Math.abs(100 * difference).toFixed(2)} points`;
  const [near, far] = [differenceInterval.low, differenceInterval.high]
    .map((end) => Math.sign(difference) * 100 * end)
    .sort((a, b) => a - b) as [number, number]; // two ends
  const range = `95 % interval ${near.toFixed(2)} to ${far.toFixed(2)}`;
  const better = difference > 0 ? "The other model" : "This model";
  return isSignificant
    ? `${better} is better by ${points} (${range}), more than chance explains. ${test}.`
    : `${better} is right more often by ${points} (${range}), which chance explains as well. ${test}.`;
}

function figuresTable({ model, figures }: EvaluationFacts, against: NonNullable<EvaluationFacts["against"]>): Html {
  const row = (name: string, show: (figures: ModelFigures) => string | undefined): Html | false => {
    const [first, second] = [show(figures), show(against.figures)];
    return (
      (first !== undefined || second !== undefined) &&
      html`<tr><th scope="row">${name}</th><td class="number">${first ?? "–"}</td><td class="number">${second ?? "–"}</td></tr>`
    );
  };
  const size = (bytes: number): Html => html`<td class="number">${formatBytes(bytes)}</td>`;
  return html`<div class="scroll"><table style="width:auto">
<thead><tr><th></th><th class="number">${nameHtml(model.path, 40)}</th><th class="number">${nameHtml(against.model.path, 40)}</th></tr></thead>
<tbody>${[
    row("Accuracy", ({ evaluation }) => exactShare(evaluation.accuracy)),
    row("95 % interval", ({ evaluation }) => intervalText(evaluation.accuracyInterval)),
    row("Top-5 accuracy", ({ evaluation: { top5Accuracy: top5 } }) =>
      top5 === undefined ? undefined : exactShare(top5),
    ),
    row("Loss", ({ evaluation }) => evaluation.loss.toFixed(4)),
    row("Expected calibration error", ({ calibration }) => calibration.expectedCalibrationError.toFixed(4)),
    row("Brier score", ({ calibration }) => calibration.brierScore.toFixed(4)),
    row("Mean area under ROC", ({ macro }) => macro?.auc.toFixed(4)),
    row("Mean average precision", ({ macro }) => macro?.averagePrecision.toFixed(4)),
    row("One picture, median", ({ latency }) => latency && timeText(latency.one.medianMs)),
    row(
      "Pictures a second, in batches",
      ({ latency }) => latency && formatCount(Math.round(latency.batch.picturesPerSecond)),
    ),
  ]}<tr><th scope="row">Size of the file</th>${size(model.sizeBytes)}${size(against.model.sizeBytes)}</tr></tbody></table></div>`;
}

function agreementTable({ bothRight, bothWrong, mcnemar }: AgainstFigures["comparison"]): Html {
  const cell = (count: number): Html => html`<td class="number">${formatCount(count)}</td>`;
  return html`<div class="scroll"><table style="width:auto">
<thead><tr><th></th><th class="number">Other model right</th><th class="number">Other model wrong</th></tr></thead>
<tbody><tr><th scope="row">This model right</th>${cell(bothRight)}${cell(mcnemar.onlyFirstRight)}</tr>
<tr><th scope="row">This model wrong</th>${cell(mcnemar.onlySecondRight)}${cell(bothWrong)}</tr></tbody></table></div>`;
}

/** The classes whose F1 differs most where there are many. */
function classesTable(first: ModelFigures, second: ModelFigures): Html {
  const others = new Map(second.evaluation.classes.map((row) => [row.label, row]));
  const pairs = first.evaluation.classes.flatMap((one) => {
    const other = others.get(one.label);
    return other && (one.count > 0 || other.count > 0) ? [{ label: one.label, one: one.f1, other: other.f1 }] : [];
  });
  const isCut = pairs.length > shownClasses;
  const shown = isCut
    ? pairs.toSorted((a, b) => Math.abs(b.other - b.one) - Math.abs(a.other - a.one)).slice(0, shownClasses)
    : pairs;
  return html`<div class="scroll"><table style="width:auto">
<thead><tr><th>F1 by class</th><th class="number">This model</th><th class="number">Other model</th><th class="number">Difference</th></tr></thead>
<tbody>${shown.map(
    ({ label, one, other }) =>
      html`<tr><th scope="row">${nameHtml(label, 40)}</th><td class="number">${one.toFixed(4)}</td><td class="number">${other.toFixed(
        4,
      )}</td><td class="number muted">${signed(other - one)}</td></tr>`,
  )}</tbody></table></div>${isCut && html`<p class="muted small">The ${shownClasses} classes that differ most.</p>`}`;
}

function disagreedHtml(
  title: string,
  pictures: readonly DisagreedPicture[],
  all: number,
  thumbnails: EvaluationFacts["thumbnails"],
): Html | undefined {
  if (all === 0) return undefined;
  return html`<div><h3>${title}</h3><p class="muted small">${countOf(all, "picture")}${
    pictures.length < all && `; the ${pictures.length} surest mistakes are shown`
  }.</p></div>
${answeredPictures(
  pictures.map(({ id, label, firstAnswer, firstConfidence, secondAnswer, secondConfidence }) => ({
    id,
    lines: [
      html`<span class="label">is ${labelHtml(label)}</span>`,
      html`<span>this: ${labelHtml(firstAnswer)} ${exactShare(firstConfidence, 0)}</span>`,
      html`<span>other: ${labelHtml(secondAnswer)} ${exactShare(secondConfidence, 0)}</span>`,
    ],
  })),
  thumbnails,
)}`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}
