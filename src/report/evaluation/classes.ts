/**
 * The sections of an evaluation's page on classes: confusions, precision, recall and F1.
 */

import { seriesColour } from "../charts/theme.ts";
import { chartHtml, formatCount } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";
import { confusionChart, confusionLimits } from "./confusion-chart.ts";
import { cellAnchor, cellLinks } from "./confusion-gallery.ts";
import type { ModelFigures } from "./facts.ts";
import { exactShare, shareBar } from "./parts.ts";

/** Matrices of more classes are drawn as a chart without counts. */
const tableClasses = 12;
const shownConfusions = 12;
const shownClasses = 60;

/**
 * Counts in coloured cells for few classes, a chart for more, and the commonest confusions by name.
 */
export async function confusionSection(figures: ModelFigures): Promise<PageSection> {
  const { evaluation } = figures;
  const { classes } = evaluation;
  const links = cellLinks(figures);
  const isTable = classes.length <= tableClasses;
  const isDrawn = !isTable && classes.length <= confusionLimits.classes;
  return {
    id: "confusion",
    title: "Confusion matrix",
    body: html`<p class="muted">Rows are what pictures are, columns what was answered; the colour is a cell’s share of its row.${
      links.size > 0 && ` ${isTable ? "Counts" : "The fullest cells"} lead to their pictures.`
    }</p>
${isTable && confusionTable(evaluation, links)}${isDrawn && (await chartHtml("All classes", confusionChart(evaluation, links)))}
${classes.length > 2 && commonestConfusions(evaluation, links)}`,
  };
}

function confusionTable({ confusion, classes }: ModelFigures["evaluation"], links: ReadonlySet<string>): Html {
  const cell = (count: number, total: number, target: number, answer: number): Html => {
    const share = total === 0 ? 0 : count / total;
    const colour = `var(--series-${target === answer ? 1 : 2})`;
    // Square roots, so that a few mistakes among thousands are seen; never so dense that the text
    // on it cannot be read.
    const density = count === 0 ? 0 : 8 + 42 * Math.sqrt(share);
    return html`<td class="number${count === 0 && " muted"}" style="background:color-mix(in srgb, ${colour} ${density.toFixed(1)}%, transparent);padding:.6rem .9rem" title="${exactShare(share)} of the row">${linked(formatCount(count), target, answer, links)}</td>`;
  };
  return html`<div class="scroll"><table style="width:auto">
<thead><tr><th></th>${classes.map(({ label }) => html`<th class="number" style="padding-left:.9rem;padding-right:.9rem">${nameHtml(label, 24)}</th>`)}<th class="number" style="padding-left:.9rem">Pictures</th></tr></thead>
<tbody>${classes.map(({ label, count: total }, target) => {
    const answers = confusion[target]!;
    return html`<tr><th scope="row">${nameHtml(label, 40)}</th>${answers.map((count, answer) =>
      cell(count, total, target, answer),
    )}<td class="number muted" style="padding-left:.9rem">${formatCount(total)}</td></tr>
`;
  })}</tbody></table></div>`;
}

/** The text as a link to the pictures of a cell, where the page shows some. */
function linked(text: string, target: number, answer: number, links: ReadonlySet<string>): Html | string {
  const anchor = cellAnchor({ target, answer });
  return links.has(anchor) ? html`<a class="quiet" href="#${anchor}">${text}</a>` : text;
}

function commonestConfusions({ confusion, classes }: ModelFigures["evaluation"], links: ReadonlySet<string>): Html {
  const pairs = confusion
    .flatMap((answers, target) =>
      answers.flatMap((count, answer) => (answer === target || count === 0 ? [] : [{ count, target, answer }])),
    )
    .sort((a, b) => b.count - a.count);
  if (pairs.length === 0) return html`<p>No picture was taken for another class.</p>`;
  return html`<h3>Commonest confusions</h3><div class="scroll"><table style="width:auto">
<thead><tr><th>What it is</th><th>Answered</th><th class="number">Pictures</th><th class="number">Of its class</th></tr></thead>
<tbody>${pairs.slice(0, shownConfusions).map(
    ({ count, target, answer }) => html`<tr><th scope="row">${nameHtml(classes[target]!.label, 40)}</th><td>${nameHtml(
      classes[answer]!.label,
      40,
    )}</td><td class="number">${linked(formatCount(count), target, answer, links)}</td><td class="number">${exactShare(count / classes[target]!.count, 1)}</td></tr>
`,
  )}</tbody></table></div>`;
}

/** Precision, recall and F1 of each class, the worst first where there are many. */
export function classesSection({ evaluation, rankings }: ModelFigures): PageSection {
  const { classes } = evaluation;
  const isMany = classes.length > tableClasses;
  const rows = isMany ? classes.toSorted((a, b) => a.f1 - b.f1) : classes;
  const areas = new Map(rankings.map((ranking) => [ranking.label, ranking]));
  const figure = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(4));
  return {
    id: "classes",
    title: "Classes",
    body: html`${isMany && html`<p class="muted">The lowest F1 first.</p>`}<div class="scroll"><table>
<thead><tr><th>Class</th><th class="number">Pictures</th><th class="number">Precision</th><th class="number">Recall</th><th class="number">F1</th><th class="number on-desk">AUC</th><th class="number on-desk">Average precision</th><th style="width:25%">F1</th></tr></thead>
<tbody>${rows.slice(0, shownClasses).map(
      ({ label, count, precision, recall, f1 }) =>
        html`<tr><th scope="row">${nameHtml(label, 40)}</th><td class="number">${formatCount(count)}</td><td class="number">${exactShare(
          precision,
        )}</td><td class="number">${exactShare(recall)}</td><td class="number">${f1.toFixed(4)}</td><td class="number on-desk">${figure(
          areas.get(label)?.auc,
        )}</td><td class="number on-desk">${figure(areas.get(label)?.averagePrecision)}</td><td>${shareBar(f1, seriesColour(0))}</td></tr>
`,
    )}</tbody></table></div>${rows.length > shownClasses && html`<p class="muted">and ${formatCount(rows.length - shownClasses)} more</p>`}`,
  };
}
