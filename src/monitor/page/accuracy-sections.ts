/** Sections of a monitor's page that need labels, or estimate what they would say. */

import { exactShare, intervalText } from "../../report/evaluation/parts.ts";
import { chartHtml, countOf, formatCount } from "../../report/page/elements.ts";
import { type Html, html } from "../../report/page/html.ts";
import { nameHtml } from "../../report/page/name-html.ts";
import type { PageSection } from "../../report/page/page.ts";
import type { MonitorReport } from "../measure-log.ts";
import { comparisonText, referenceErrorText } from "../report-text.ts";
import type { VersionFigures } from "../version-figures.ts";
import { type TimeSeries, timeChart } from "./time-charts.ts";

const shownConfusions = 15;

/** Undefined where nothing is known of accuracy. */
export async function accuracySection(report: MonitorReport): Promise<PageSection | undefined> {
  const { windows, versions } = report;
  const labelled = windows.flatMap(({ lastMs: timeMs, labelled }) =>
    labelled === undefined
      ? []
      : [{ timeMs, value: labelled.accuracy, low: labelled.interval.low, high: labelled.interval.high }],
  );
  const estimated = windows.flatMap(({ lastMs: timeMs, drift }) =>
    "notTested" in drift || !drift.accuracy.isKnown ? [] : [{ timeMs, ...drift.accuracy }],
  );
  const expected = estimated.map(({ timeMs, accuracy: value }) => ({ timeMs, value }));
  if (labelled.length + expected.length === 0) return undefined;
  const series: readonly TimeSeries[] = [
    { name: "by labels", points: labelled },
    { name: "expected", points: expected },
  ].filter(({ points }) => points.length > 0);
  const withheld = windows.flatMap(({ drift }) =>
    "notTested" in drift || drift.accuracy.isKnown ? [] : [drift.accuracy.reason],
  );
  const chart = timeChart({
    description: `accuracy over ${countOf(windows.length, "window")}`,
    axis: "accuracy",
    format: ".0%",
    series,
    ...sameReference(versions, "accuracy"),
    heightPx: 220,
  });
  const lastError = estimated.findLast(({ reference }) => reference !== undefined)?.reference;
  return {
    id: "accuracy",
    title: "Accuracy",
    body: html`<div class="charts">${await chartHtml("Accuracy over time", chart, "Expected: of confidences, without labels. Dashed: when the bundle was evaluated. Bands: 95 % intervals.")}${await calibrationChart(report)}</div>
${lastError && html`<p>The expected accuracy is an estimate: ${referenceErrorText(lastError)}.</p>`}
${
  withheld.length > 0 &&
  html`<p class="warning">The expected accuracy of ${countOf(withheld.length, "window")} is withheld: ${withheld.at(-1)}.</p>`
}`,
  };
}

/** What all versions were evaluated with, where that is one figure. */
function sameReference(
  versions: readonly VersionFigures[],
  figure: "accuracy" | "expectedCalibrationError",
): { readonly reference?: number } {
  const [reference, ...others] = new Set(versions.flatMap((version) => version.reference?.[figure] ?? []));
  return reference === undefined || others.length > 0 ? {} : { reference };
}

/** False without labels. */
async function calibrationChart({ windows, versions }: MonitorReport): Promise<Html | false> {
  const points = windows.flatMap(({ lastMs: timeMs, labelled }) => {
    if (labelled === undefined) return [];
    const { expectedCalibrationError: value, calibrationInterval } = labelled;
    return [{ timeMs, value, low: calibrationInterval.low, high: calibrationInterval.high }];
  });
  if (points.length === 0) return false;
  const chart = timeChart({
    description: `calibration error over ${countOf(points.length, "window")} with labels`,
    axis: "calibration error",
    format: ".2f",
    series: [{ name: "by labels", points }],
    ...sameReference(versions, "expectedCalibrationError"),
    heightPx: 220,
  });
  return chartHtml(
    "Calibration error over time",
    chart,
    "Mean distance of confidence and accuracy, 0 to 1. Few labels in a window make it larger. Band: 95 % interval.",
  );
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

function confusionTable({ version, role, labelled }: VersionFigures): Html | false {
  const wrong = labelled?.confusion.filter(({ label, answer }) => label !== answer) ?? [];
  return (
    wrong.length > 0 &&
    html`<h3>What ${nameHtml(version, 16)} (${role}) took for what</h3>
<div class="scroll"><table style="width:auto"><thead><tr><th>Really</th><th>Answered</th><th class="number">Pictures</th><th class="number">Share</th><th class="number">95 % interval</th></tr></thead>
<tbody>${wrong
      .slice(0, shownConfusions)
      .map(
        ({ label, answer, count, share, interval }) =>
          html`<tr><td>${nameHtml(label, 40)}</td><td>${nameHtml(answer, 40)}</td><td class="number">${formatCount(count)}</td><td class="number">${exactShare(share)}</td><td class="number">${intervalText(interval)}</td></tr>`,
      )}</tbody></table></div>`
  );
}
