/**
 * The report of `pawprint train`: one HTML file with the data, the settings, the learning curves,
 * the evaluation, the time it took, and what comes next.
 */
import { formatBytes, formatDuration } from "../../base/quantity.ts";
import { shellPath } from "../../base/shell-word.ts";
import { classesHtml } from "../dataset/classes.ts";
import { measuredSections } from "../evaluation/measured-sections.ts";
import { lineageSection } from "../evaluation/provenance.ts";
import { headlineHtml, keyFigures, leadHtml } from "../evaluation/summary.ts";
import { countOf, formatCount, tilesHtml } from "../page/elements.ts";
import { html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { type PageSection, renderPage } from "../page/page.ts";
import type { TrainingFacts } from "./facts.ts";
import { learningSection } from "./learning-curves.ts";

export interface TrainingReportOptions {
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/** A whole HTML document that needs no other file. The same facts give the same text. */
export async function renderTrainingReport(
  facts: TrainingFacts,
  { version, now }: TrainingReportOptions,
): Promise<string> {
  const { evaluation, bestEpoch } = facts;
  const sections: readonly (PageSection | undefined)[] = [
    overviewSection(facts),
    dataSection(facts),
    choicesSection(facts),
    await learningSection(evaluation.model.info.history, bestEpoch),
    ...(await measuredSections(evaluation)),
    timeSection(facts),
    { id: "environment", title: "Environment", body: rowsHtml(facts.environment) },
    lineageSection(evaluation),
    nextSection(facts),
  ];
  return renderPage({
    title: `Training of ${evaluation.model.path}`,
    headline: headlineHtml(evaluation),
    lead: leadHtml(evaluation),
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}

function overviewSection({ evaluation, epochs, durationMs }: TrainingFacts): PageSection {
  const tiles = [
    ...keyFigures(evaluation),
    { title: epochs.length === 1 ? "epoch" : "epochs", value: formatCount(epochs.length) },
    { title: "in all", value: formatDuration(durationMs) },
    { title: "the bundle", value: formatBytes(evaluation.model.sizeBytes) },
  ];
  return { id: "overview", title: "Overview", body: tilesHtml(tiles) };
}

function dataSection({ summary, evaluation }: TrainingFacts): PageSection {
  const { pictures, classes, duplicates, duplicatesAcrossSplits, skipped, skippedFirst } = summary;
  const shown = classes.map(({ label, train, val, test }) => ({
    label,
    pictures: train + val + test,
    bySplit: { train, val, test },
  }));
  const notes = [
    ...(duplicates > 0
      ? [`${countOf(duplicates, "exact copy", "exact copies")}, each in the split of the picture that it copies`]
      : []),
    ...(duplicatesAcrossSplits > 0
      ? [`${countOf(duplicatesAcrossSplits, "picture")} in more than one split: the figures are too good`]
      : []),
    ...(skipped > 0 ? [`${countOf(skipped, "picture")} left out`] : []),
  ];
  return {
    id: "data",
    title: "Data",
    body: html`<p>${countOf(pictures, "picture")} in ${countOf(classes.length, "class", "classes")} from ${nameHtml(
      evaluation.data,
      120,
    )}${notes.length > 0 && `; ${notes.join("; ")}`}.</p>
${classesHtml(shown)}
${
  skippedFirst.length > 0 &&
  html`<details><summary>Pictures that were left out</summary><ul class="files">${skippedFirst.map(
    ({ id, reason }) => html`<li>${nameHtml(id, 120)} <span class="muted">${reason}</span></li>`,
  )}${skipped > skippedFirst.length && html`<li class="muted">and ${formatCount(skipped - skippedFirst.length)} more</li>`}</ul></details>`
}`,
  };
}

function choicesSection({ choices }: TrainingFacts): PageSection {
  return {
    id: "settings",
    title: "Settings",
    body: html`<div class="scroll"><table>
<thead><tr><th>Setting</th><th>Value</th><th>Why</th></tr></thead>
<tbody>${choices.map(
      ({ label, text, reason }) =>
        html`<tr><th scope="row" class="one-line">${label}</th><td>${text}</td><td class="muted">${reason}</td></tr>
`,
    )}</tbody></table></div>`,
  };
}

const endTexts: Readonly<Record<TrainingFacts["end"], string>> = {
  finished: "came to its planned end",
  "stopped-early": "stopped early, since validation did not get better",
  interrupted: "was interrupted",
  diverged: "diverged",
};

function timeSection({ epochs, epochsBefore, end, bestEpoch, durationMs }: TrainingFacts): PageSection {
  const inEpochs = epochs.slice(epochsBefore).reduce((sum, epoch) => sum + epoch.durationMs, 0);
  const mean = (of: (epoch: TrainingFacts["epochs"][number]) => number): number =>
    epochs.reduce((sum, epoch) => sum + of(epoch), 0) / Math.max(1, epochs.length);
  return {
    id: "time",
    title: "Time",
    body: html`<p>The training ${endTexts[end]}: ${countOf(epochs.length, "epoch")}, the best one ${bestEpoch}.</p>
${rowsHtml([
  [epochsBefore === 0 ? "In all" : "Since it was resumed", formatDuration(durationMs)],
  ["Epochs, validation included", formatDuration(inEpochs)],
  // The epoch that an interruption cut has time of before in it.
  ...(durationMs > inEpochs
    ? [["Reading, evaluation and export", formatDuration(durationMs - inEpochs)] as const]
    : []),
  ["An epoch, mean", formatDuration(mean((epoch) => epoch.durationMs))],
  ["Training pictures a second, mean", formatCount(Math.round(mean(({ imagesPerSecond }) => imagesPerSecond)))],
])}`,
  };
}

function nextSection({ evaluation: { model, data }, readingFlags = "" }: TrainingFacts): PageSection {
  const bundle = shellPath(model.path);
  const commands = [
    ["Predict other pictures", `pawprint predict ${bundle} PICTURE_OR_FOLDER`],
    ["Heat maps of the evidence for a class", `pawprint explain ${bundle} PICTURE_OR_FOLDER`],
    [
      "Measure it on this machine, or on other pictures",
      `pawprint evaluate ${bundle} --data ${shellPath(data)}${readingFlags} --report evaluation.html`,
    ],
    ["Serve it, with a page to try it on", `pawprint serve ${bundle}`],
  ] as const;
  return {
    id: "next",
    title: "Next steps",
    body: html`${commands.map(([title, line]) => html`<div>${title}:<code class="command">${line}</code></div>`)}`,
  };
}

function rowsHtml(rows: readonly (readonly [name: string, value: string])[]) {
  return html`<div class="scroll"><table style="width:auto"><tbody>${rows.map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td>${nameHtml(value)}</td></tr>
`,
  )}</tbody></table></div>`;
}
