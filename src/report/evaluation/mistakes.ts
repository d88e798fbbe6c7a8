/**
 * The sections of an evaluation's page on where a model fails: its most confident mistakes, and
 * slices with lower accuracy.
 */
import type { Slice } from "../../metrics/slices.ts";
import { seriesColour } from "../charts/theme.ts";
import { countOf, formatCount, listText } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";
import type { EvaluationFacts, ModelFigures } from "./facts.ts";
import { answeredPictures, axisStart, exactShare, intervalBar, intervalText, labelHtml, pValueText } from "./parts.ts";

/** Pictures on which the model was surest and wrong. */
export function wrongSection({ wrong, evaluation }: ModelFigures, { thumbnails }: EvaluationFacts): PageSection {
  const { accuracy, count } = evaluation;
  const all = Math.round((1 - accuracy) * count);
  return {
    id: "wrong",
    title: "Most confidently wrong",
    body:
      wrong.length === 0
        ? html`<p>Every picture was classified correctly.</p>`
        : html`<p class="muted">${countOf(all, "picture")} ${all === 1 ? "was" : "were"} answered wrongly; ${
            wrong.length === all ? "all are shown" : `the ${wrong.length} surest are shown`
          }, as the model saw them. Look for wrong labels first.</p>
${answeredPictures(
  wrong.map(({ id, label, answer, confidence }) => ({
    id,
    lines: [
      html`<span class="label">${labelHtml(answer)} ${exactShare(confidence, 1)}</span>`,
      html`<span>is ${labelHtml(label)}</span>`,
    ],
  })),
  thumbnails,
)}`,
  };
}

const dimensionNames: Readonly<Record<Slice["dimension"], string>> = {
  class: "By class",
  size: "By size before resizing (shorter side)",
  brightness: "By brightness (mean luma)",
  source: "By source",
};

/** Slices of one dimension that are shown: the worst. */
const shownSlices = 15;

/** Accuracy on parts of the pictures; undefined where they could not be parted. */
export function slicesSection({ slices, evaluation }: ModelFigures): PageSection | undefined {
  if (slices.length === 0) return undefined;
  const worse = slices.filter(({ isWorse }) => isWorse);
  const names = worse.map(({ name, accuracy }) => `${name} (${exactShare(accuracy, 1)})`);
  const dimensions = [...new Set(slices.map(({ dimension }) => dimension))];
  return {
    id: "slices",
    title: "Slices",
    body: html`<p>${
      worse.length === 0
        ? "No part of the pictures is answered worse than the rest by more than chance."
        : `Answered worse than the rest by more than chance: ${listText(names.slice(0, 5))}${
            names.length > 5 ? ` and ${names.length - 5} more` : ""
          }.`
    } <span class="muted">Over all ${exactShare(evaluation.accuracy)}; Fisher’s exact test, corrected for ${countOf(
      slices.length,
      "slice",
    )} by Holm’s method.</span></p>
${dimensions.map((dimension) =>
  sliceTable(
    dimension,
    slices.filter((slice) => slice.dimension === dimension),
  ),
)}`,
  };
}

function sliceTable(dimension: Slice["dimension"], slices: readonly Slice[]): Html {
  const isCut = slices.length > shownSlices;
  const rows = isCut ? slices.toSorted((a, b) => a.accuracy - b.accuracy).slice(0, shownSlices) : slices;
  const from = axisStart(rows.map(({ interval }) => interval));
  return html`<div><h3>${dimensionNames[dimension]}</h3>
<div class="scroll"><table>
<thead><tr><th style="width:28%"></th><th class="number">Pictures</th><th class="number">Accuracy</th><th class="number on-desk">95 % interval</th><th style="width:30%">${exactShare(
    from,
    0,
  )} to 100 %</th><th></th></tr></thead>
<tbody>${rows.map(
    ({ name, count, accuracy, interval, isWorse, pValue }) =>
      html`<tr><th scope="row">${nameHtml(name, 48)}</th><td class="number">${formatCount(count)}</td><td class="number">${exactShare(
        accuracy,
      )}</td><td class="number muted on-desk">${intervalText(interval)}</td><td>${intervalBar(
        accuracy,
        interval,
        from,
        isWorse ? "var(--warning)" : seriesColour(0),
      )}</td><td class="one-line">${isWorse && html`<span class="badge warning" title="${pValueText(pValue)}">worse</span>`}</td></tr>
`,
  )}</tbody></table></div>${isCut && html`<p class="muted small">The ${shownSlices} lowest of ${formatCount(slices.length)}.</p>`}</div>
`;
}
