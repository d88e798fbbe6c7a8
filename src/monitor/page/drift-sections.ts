/** Sections of a monitor's page on how pictures and answers differ from those of the evaluation. */
import { visibleText } from "../../base/visible-text.ts";
import { seriesColour } from "../../report/charts/theme.ts";
import { chartHtml, countOf } from "../../report/page/elements.ts";
import { type Html, html } from "../../report/page/html.ts";
import { nameHtml } from "../../report/page/name-html.ts";
import type { PageSection } from "../../report/page/page.ts";
import { rounded } from "../figure-text.ts";
import type { MonitorReport } from "../measure-log.ts";
import { latestWindow, type WindowFigures } from "../window-figures.ts";
import { shareChart, timeChart } from "./time-charts.ts";

/** More classes are drawn as one. */
const shownClasses = 8;

export async function driftSections(report: MonitorReport): Promise<readonly (PageSection | undefined)[]> {
  return [await overTimeSection(report), latestSection(report), shiftsSection(report)];
}

async function overTimeSection({ windows, versions }: MonitorReport): Promise<PageSection | undefined> {
  const [latest] = windows.slice(-1);
  if (latest === undefined) return undefined;
  const names = [...new Set(windows.flatMap(({ means }) => Object.keys(means)))];
  const figures: Html[] = [];
  for (const name of ["confidence", ...names]) {
    const points = windows.flatMap((window) => {
      const value = name === "confidence" ? window.meanConfidence : window.means[name];
      return value === undefined ? [] : [{ timeMs: window.lastMs, value }];
    });
    const references = new Set(
      versions.flatMap(({ shifts }) => shifts.find((one) => one.name === name)?.reference ?? []),
    );
    const [reference] = references;
    const quartiles = versions
      .findLast(({ version }) => version === latest.version)
      ?.shifts.find((one) => one.name === name)?.referenceQuartiles;
    const chart = timeChart({
      description: `mean ${name} over ${countOf(windows.length, "window")}`,
      axis: `mean ${name}`,
      format: name === "confidence" ? ".0%" : ",~r",
      series: [{ name, points }],
      ...(references.size === 1 && reference !== undefined && { reference }),
      ...(references.size === 1 && quartiles && { quartiles }),
      marked: windows.filter((window) => hasDrifted(window, name)).map(({ lastMs }) => lastMs),
    });
    figures.push(await chartHtml(name, chart));
  }
  return {
    id: "drift",
    title: "Pictures and answers over time",
    body: html`<p class="muted">Dashed: the mean of the pictures that the bundle was evaluated on; grey: where half of them are. Dots: windows that differ in this by more than chance.</p>
<div class="charts">${await sharesHtml(windows, versions.find(({ version }) => version === latest.version)?.labels ?? [])}${figures}</div>`,
  };
}

async function sharesHtml(windows: readonly WindowFigures[], labels: readonly string[]): Promise<Html | false> {
  const sameLabels = windows.filter(({ classShares }) => classShares.length === labels.length);
  if (sameLabels.length === 0 || labels.length < 2) return false;
  const total = labels.map((_, at) => sameLabels.reduce((sum, { classShares }) => sum + classShares[at]!, 0));
  const order = labels.map((_, at) => at).sort((a, b) => total[b]! - total[a]!);
  const shown = order.slice(0, labels.length > shownClasses ? shownClasses - 1 : shownClasses);
  const rest = order.slice(shown.length);
  const groups = [
    ...shown.map((at) => ({ name: visibleText(labels[at]!), members: [at] })),
    ...(rest.length > 0 ? [{ name: `${rest.length} others`, members: rest }] : []),
  ];
  const chart = shareChart(
    `share of each class among the answers over ${countOf(sameLabels.length, "window")}`,
    groups.map(({ name, members }) => ({
      name,
      points: sameLabels.map(({ lastMs: timeMs, classShares }) => ({
        timeMs,
        value: members.reduce((sum, at) => sum + classShares[at]!, 0),
      })),
    })),
  );
  return chartHtml("Answers", chart);
}

function hasDrifted({ drift }: WindowFigures, name: string): boolean {
  return !("notTested" in drift) && drift.tests.some((test) => test.name === name && test.hasDrifted);
}

/** The tests of the last complete window. */
function latestSection({ windows }: MonitorReport): PageSection | undefined {
  const latest = latestWindow(windows);
  if (latest === undefined) return undefined;
  const { drift, version, count } = latest;
  const intro = html`<p>${countOf(count, "prediction")} of ${nameHtml(version, 16)}.`;
  if ("notTested" in drift) {
    return { id: "latest", title: "The last window", body: html`${intro} Not compared: ${drift.notTested}.</p>` };
  }
  return {
    id: "latest",
    title: "The last window",
    body: html`${intro} ${drift.summary}.</p>
<div class="scroll"><table><thead><tr><th>What</th><th>Test</th><th class="number">Statistic</th><th class="number">Threshold</th><th class="number">p, corrected</th><th>Finding</th></tr></thead>
<tbody>${drift.tests.map(
      ({ name, method, statistic, threshold, pValue, hasDrifted, text }) =>
        html`<tr><th scope="row">${hasDrifted && html`<span class="swatch" style="background:var(--error, ${seriesColour(1)})"></span> `}${name}</th><td>${method}</td><td class="number">${figure(statistic)}</td><td class="number">${figure(threshold)}</td><td class="number">${figure(pValue)}</td><td>${hasDrifted && text}</td></tr>`,
    )}</tbody></table></div>
${drift.untested.length > 0 && html`<p class="muted">Not tested: ${drift.untested.join("; ")}.</p>`}`,
  };
}

function shiftsSection({ versions }: MonitorReport): PageSection | undefined {
  const shifted = versions.filter(({ shifts, role }) => shifts.length > 0 && role !== "challenger");
  if (shifted.length === 0) return undefined;
  return {
    id: "shifts",
    title: "All predictions together",
    body: html`<p class="muted">Sizes of the differences. By custom a stability index of 0.1 is small and one of 0.25 large.</p>
${shifted.map(
  ({ version, role, count, shifts }) => html`<h3>${nameHtml(version, 16)}, ${role}, ${countOf(count, "prediction")}</h3>
<div class="scroll"><table style="width:auto"><thead><tr><th>What</th><th class="number">Mean, evaluated</th><th class="number">Mean, now</th><th class="number">KS distance</th><th class="number">Stability index</th></tr></thead>
<tbody>${shifts.map(
    ({ name, distance, size, reference, mean }) =>
      html`<tr><th scope="row">${name}${name === "classShares" && " (Jensen-Shannon)"}</th><td class="number">${figure(reference)}</td><td class="number">${figure(mean)}</td><td class="number">${figure(distance)}</td><td class="number">${figure(size)}</td></tr>`,
  )}</tbody></table></div>`,
)}`,
  };
}

function figure(value: number | undefined): string {
  return value === undefined ? "–" : rounded(value);
}
