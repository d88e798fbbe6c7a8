/** The page that puts runs side by side: results, curves, what differs. */
import { formatDuration } from "../../base/quantity.ts";
import type { ComparedMetric, ComparedTexts, RunComparison } from "../../tracking/compare-runs.ts";
import { usualMetrics } from "../../tracking/metric-keys.ts";
import { metricText } from "../../tracking/metric-text.ts";
import type { Run } from "../../tracking/run.ts";
import { chartHtml, countOf } from "../page/elements.ts";
import { type Html, html, raw } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { type PageSection, renderPage } from "../page/page.ts";
import { comparisonPanels, lineLook, panelChart, runNames } from "./run-curves.ts";

export interface RunComparisonPageOptions {
  /** Where the runs are: a folder, or the address of a server, whose pages are linked. */
  readonly place: string;
  /** Names of the experiments by id; ids are shown where none is given. */
  readonly experiments?: ReadonlyMap<string, string>;
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

const shownMetrics = 6;

/** A whole HTML document that needs no other file. The same comparison gives the same text. */
export async function renderRunComparisonPage(
  comparison: RunComparison,
  { place, experiments = new Map(), version, now }: RunComparisonPageOptions,
): Promise<string> {
  const { runs, params, data, tags } = comparison;
  const sections: readonly (PageSection | undefined)[] = [
    resultsSection(comparison, place, experiments, now),
    await curvesSection(comparison),
    metricsSection(comparison),
    textsSection("settings", "Settings", runs, params),
    textsSection("data", "Data", runs, data),
    textsSection("tags", "Tags", runs, tags),
  ];
  return renderPage({
    title: "Comparison of runs",
    headline: html`${verdict(comparison)}`,
    lead: html`<p>Recorded in ${nameHtml(place, 160)}. The best value of each metric is in bold.</p>`,
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}

/** In a sentence: which run is the best by the most telling metric, and in how much they differ. */
export function verdict({ runs, metrics, params }: RunComparison): string {
  const differing = params.filter(({ differs }) => differs).length;
  const settings = `${countOf(runs.length, "run")} that differ in ${countOf(differing, "setting")}`;
  const judged = metrics.find(({ leaders }) => leaders.length > 0);
  if (judged === undefined) return settings;
  const names = runNames(runs);
  const leaders = judged.leaders.map((at) => names[at]!);
  const value = metricText(judged.last[judged.leaders[0]!]!);
  return leaders.length === 1
    ? `${leaders[0]} has the best ${judged.key}, ${value}, of ${settings}`
    : `${countOf(leaders.length, "run")} share the best ${judged.key}, ${value}, of ${settings}`;
}

function resultsSection(
  { runs, metrics }: RunComparison,
  place: string,
  experiments: ReadonlyMap<string, string>,
  now: Date,
): PageSection {
  const known = metrics.filter(({ key }) => (usualMetrics as readonly string[]).includes(key));
  const shown = (known.length > 0 ? known : metrics).slice(0, shownMetrics);
  const names = runNames(runs);
  return {
    id: "runs",
    title: "Runs",
    body: html`<div class="scroll"><table>
<thead><tr><th></th><th>Run</th><th>Experiment</th><th>Status</th><th>Started</th><th class="number">Time</th>${shown.map(
      ({ key }) => html`<th class="number">${nameHtml(key, 30)}</th>`,
    )}</tr></thead>
<tbody>${runs.map(
      (
        run,
        at,
      ) => html`<tr><td>${lineHtml(at)}</td><th scope="row">${runHtml(run, names[at]!, place)}</th><td>${nameHtml(
        experiments.get(run.experimentId) ?? run.experimentId,
        40,
      )}</td><td class="one-line">${run.status.toLowerCase()}</td><td class="one-line">${timeHtml(run.startedMs)}</td><td class="number">${formatDuration(
        (run.endedMs ?? now.getTime()) - run.startedMs,
      )}</td>${shown.map((metric) => metricCell(metric, at))}</tr>
`,
    )}</tbody></table></div>`,
  };
}

/** A run's name, which leads to MLflow's page of it where the store is a server. */
function runHtml({ id, experimentId }: Run, name: string, place: string): Html {
  const beginning = id.slice(0, 8);
  const shown = html`${nameHtml(name)}${!name.endsWith(beginning) && html` <span class="muted small">${beginning}</span>`}`;
  if (!/^https?:\/\//.test(place) || !/^\d+$/.test(experimentId)) return shown;
  return html`<a href="${place}/#/experiments/${experimentId}/runs/${id}">${shown}</a>`;
}

function timeHtml(timeMs: number): Html {
  if (!(Math.abs(timeMs) <= 8.64e15)) return html`–`;
  const time = new Date(timeMs).toISOString();
  return html`<time datetime="${time}">${time.slice(0, 16).replace("T", " ")}</time>`;
}

/** The run's line in the charts. */
function lineHtml(at: number): Html {
  const { colour, pattern } = lineLook(at);
  return raw(
    `<svg width="28" height="10" aria-hidden="true"><line x1="1" y1="5" x2="27" y2="5" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${pattern.join(" ")}"/></svg>`,
  );
}

async function curvesSection(comparison: RunComparison): Promise<PageSection | undefined> {
  const panels = comparisonPanels(comparison);
  if (panels.length === 0) return undefined;
  const names = runNames(comparison.runs);
  const charts = [];
  for (const panel of panels) charts.push(await chartHtml(panel.title, panelChart(panel, names)));
  return {
    id: "curves",
    title: "Curves",
    body: html`<p class="key">${names.map((name, at) => html`<span>${lineHtml(at)} ${nameHtml(name)}</span>`)}</p>
<div class="charts">${charts}</div>`,
  };
}

function metricsSection({ runs, metrics }: RunComparison): PageSection | undefined {
  if (metrics.length === 0) return undefined;
  return {
    id: "metrics",
    title: "Metrics",
    body: html`<p class="muted small">The value of the highest step; below it the best one and its step, where another was better.</p>
<div class="scroll"><table>
${headHtml(runs, "Metric", "number")}
<tbody>${metrics.map(
      (
        metric,
      ) => html`<tr><th scope="row">${nameHtml(metric.key, 60)}</th>${runs.map((_, at) => metricCell(metric, at, true))}</tr>
`,
    )}</tbody></table></div>`,
  };
}

function metricCell({ last, best, leaders }: ComparedMetric, at: number, showsBest = false): Html {
  const value = last[at];
  if (value === undefined) return html`<td class="number muted">–</td>`;
  const shown = leaders.includes(at) ? html`<strong>${metricText(value)}</strong>` : html`${metricText(value)}`;
  const better = showsBest ? best[at] : undefined;
  return html`<td class="number">${shown}${
    better !== undefined &&
    better.value !== value &&
    html`<br><span class="muted small">${metricText(better.value)} at ${better.step}</span>`
  }</td>`;
}

function textsSection(
  id: string,
  title: string,
  runs: readonly Run[],
  rows: readonly ComparedTexts[],
): PageSection | undefined {
  const differing = rows.filter(({ differs }) => differs);
  const equal = rows.filter(({ differs }) => !differs);
  if (rows.length === 0) return undefined;
  return {
    id,
    title,
    body: html`${
      differing.length > 0
        ? html`<div class="scroll"><table>
${headHtml(runs, "Key")}
<tbody>${differing.map(
            ({ key, values }) => html`<tr><th scope="row">${nameHtml(key, 60)}</th>${values.map((value) =>
              value === undefined ? html`<td class="muted">–</td>` : html`<td>${nameHtml(value, 60)}</td>`,
            )}</tr>
`,
          )}</tbody></table></div>`
        : html`<p>Nothing differs here.</p>`
    }${
      equal.length > 0 &&
      html`<details><summary>The same in all runs</summary><div class="scroll"><table style="width:auto"><tbody>${equal.map(
        ({
          key,
          values,
        }) => html`<tr><th scope="row">${nameHtml(key, 60)}</th><td>${nameHtml(values[0] ?? "", 120)}</td></tr>
`,
      )}</tbody></table></div></details>`
    }`,
  };
}

function headHtml(runs: readonly Run[], title: string, kind = ""): Html {
  return html`<thead><tr><th>${title}</th>${runNames(runs).map((name) => html`<th class="${kind}">${nameHtml(name, 24)}</th>`)}</tr></thead>`;
}
