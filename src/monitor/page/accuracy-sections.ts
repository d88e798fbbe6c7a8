/** Sections of a monitor's page that need labels, or estimate what they would say. */

import { exactShare, intervalText } from "../../report/evaluation/parts.ts";
import { chartHtml, countOf, formatCount } from "../../report/page/elements.ts";
import { type Html, html } from "../../report/page/html.ts";
import { nameHtml } from "../../report/page/name-html.ts";
import type { PageSection } from "../../report/page/page.ts";
import type { RoleComparison } from "../compare-roles.ts";
import type { MonitorReport } from "../measure-log.ts";
import type { VersionFigures } from "../version-figures.ts";
import { type TimeSeries, timeChart } from "./time-charts.ts";

const shownConfusions = 15;

/** Undefined where nothing is known of accuracy. */
export async function accuracySection({ windows, versions }: MonitorReport): Promise<PageSection | undefined> {
  const labelled = windows.flatMap(({ lastMs: timeMs, labelled }) =>
    labelled === undefined
      ? []
      : [{ timeMs, value: labelled.accuracy, low: labelled.interval.low, high: labelled.interval.high }],
  );
  const expected = windows.flatMap(({ lastMs: timeMs, drift }) =>
    "notTested" in drift || !drift.accuracy.isKnown ? [] : [{ timeMs, value: drift.accuracy.accuracy }],
  );
  if (labelled.length + expected.length === 0) return undefined;
  const series: readonly TimeSeries[] = [
    { name: "by labels", points: labelled },
    { name: "expected", points: expected },
  ].filter(({ points }) => points.length > 0);
  const references = [...new Set(versions.flatMap(({ reference }) => (reference ? [reference.accuracy] : [])))];
  const [reference] = references;
  const withheld = windows.flatMap(({ drift }) =>
    "notTested" in drift || drift.accuracy.isKnown ? [] : [drift.accuracy.reason],
  );
  const chart = timeChart({
    description: `accuracy over ${countOf(windows.length, "window")}`,
    axis: "accuracy",
    format: ".0%",
    series,
    ...(references.length === 1 && reference !== undefined && { reference }),
    heightPx: 220,
  });
  return {
    id: "accuracy",
    title: "Accuracy",
    body: html`<div class="charts">${await chartHtml("Accuracy over time", chart, "Expected: of confidences, without labels. Dashed: when the bundle was evaluated. Bands: 95 % intervals.")}</div>
${
  withheld.length > 0 &&
  html`<p class="warning">The expected accuracy of ${countOf(withheld.length, "window")} is withheld: ${withheld.at(-1)}.</p>`
}`,
  };
}

export function versionsSection({ versions, comparisons }: MonitorReport): PageSection | undefined {
  if (versions.length === 0) return undefined;
  return {
    id: "versions",
    title: "Models",
    body: html`<div class="scroll"><table>
<thead><tr><th>Version</th><th>Role</th><th class="number">Predictions</th><th class="number">Labels</th><th class="number">Accuracy</th><th class="number">95 % interval</th><th class="number">Calibration error</th><th class="number">95 % interval</th><th class="number">Mean confidence</th><th class="number">Evaluated with</th></tr></thead>
<tbody>${versions.map(versionRow)}</tbody></table></div>
${comparisons.map((comparison) => html`<p>${comparisonText(comparison)}</p>`)}
${versions.map(confusionTable)}`,
  };
}

function versionRow({ model, version, role, count, labelled, meanConfidence, reference }: VersionFigures): Html {
  return html`<tr><th scope="row">${nameHtml(model, 30)} ${nameHtml(version, 16)}</th><td style="white-space:nowrap">${role}</td><td class="number">${formatCount(count)}</td><td class="number">${formatCount(
    labelled?.count ?? 0,
  )}</td><td class="number">${labelled ? exactShare(labelled.accuracy) : "–"}</td><td class="number">${
    labelled ? intervalText(labelled.interval) : "–"
  }</td><td class="number">${labelled ? labelled.expectedCalibrationError.toFixed(3) : "–"}</td><td class="number">${
    labelled ? `${labelled.calibrationInterval.low.toFixed(3)} to ${labelled.calibrationInterval.high.toFixed(3)}` : "–"
  }</td><td class="number">${exactShare(meanConfidence)}</td><td class="number">${
    reference ? `${exactShare(reference.accuracy)}, ${reference.expectedCalibrationError.toFixed(3)}` : "–"
  }</td></tr>`;
}

/** In a sentence: who is better, or that nobody knows yet. */
export function comparisonText({
  role,
  version,
  isPaired,
  champion,
  other,
  difference,
  interval,
  verdict,
}: RoleComparison): string {
  const name = `The ${role} ${version.slice(0, 16)}`;
  if (other.count === 0 || champion.count === 0) return `${name} has no labels to be compared by yet.`;
  const of = isPaired
    ? `the same ${countOf(other.count, "picture")}`
    : `${countOf(other.count, "label")}, the champion's ${formatCount(champion.count)}`;
  const points = `${(100 * difference).toFixed(2)} points (always valid 95 % interval ${(100 * interval.low).toFixed(1)} to ${(100 * interval.high).toFixed(1)})`;
  const verdicts = {
    better: "is better than the champion",
    worse: "is worse than the champion",
    unknown: "is neither known to be better nor worse than the champion",
  };
  return `${name} ${verdicts[verdict]}: ${points}, by ${of}.`;
}

function confusionTable({ version, role, labelled }: VersionFigures): Html | false {
  const wrong = labelled?.confusion.filter(({ label, answer }) => label !== answer) ?? [];
  return (
    wrong.length > 0 &&
    html`<h3>What ${nameHtml(version, 16)} (${role}) took for what</h3>
<div class="scroll"><table style="width:auto"><thead><tr><th>Really</th><th>Answered</th><th class="number">Pictures</th></tr></thead>
<tbody>${wrong
      .slice(0, shownConfusions)
      .map(
        ({ label, answer, count }) =>
          html`<tr><td>${nameHtml(label, 40)}</td><td>${nameHtml(answer, 40)}</td><td class="number">${formatCount(count)}</td></tr>`,
      )}</tbody></table></div>`
  );
}
