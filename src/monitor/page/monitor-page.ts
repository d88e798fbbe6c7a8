/** The report of `pawprint monitor report`: one HTML file on what a service answered, over time. */
import { countOf, formatCount, formatShare, tilesHtml } from "../../report/page/elements.ts";
import { type Html, html } from "../../report/page/html.ts";
import { nameHtml } from "../../report/page/name-html.ts";
import { type PageSection, renderPage } from "../../report/page/page.ts";
import type { MonitorReport } from "../measure-log.ts";
import { latestWindow } from "../window-figures.ts";
import { accuracySection, versionsSection } from "./accuracy-sections.ts";
import { driftSections } from "./drift-sections.ts";
import { spanText, timeText } from "./time-text.ts";
import { unusualSection } from "./unusual-section.ts";

export interface MonitorPageOptions {
  /** JPEG or PNG bytes of unusual predictions, by `pictureKey`; those that were kept. */
  readonly thumbnails?: ReadonlyMap<string, Uint8Array>;
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/** A whole HTML document that needs no other file. The same report gives the same text. */
export async function renderMonitorPage(
  report: MonitorReport,
  { thumbnails = new Map(), version, now }: MonitorPageOptions,
): Promise<string> {
  const sections: readonly (PageSection | undefined)[] = [
    { id: "overview", title: "Overview", body: overview(report) },
    await accuracySection(report),
    versionsSection(report),
    ...(await driftSections(report)),
    unusualSection(report, thumbnails),
  ];
  return renderPage({
    title: "Monitoring",
    headline: headline(report),
    lead: lead(report),
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}

function headline({ alarms, count }: MonitorReport): Html {
  if (count === 0) return html`No predictions in this range`;
  const [first] = alarms;
  if (first === undefined) return html`Nothing that needs attention`;
  const names = {
    drift: "The pictures or answers have changed",
    accuracy: "Accuracy has fallen",
    comparison: "The canary is worse",
  };
  return html`${names[first.kind]}`;
}

function lead({ log, firstMs, lastMs, window, falseAlarmRate }: MonitorReport): Html {
  if (firstMs === undefined || lastMs === undefined) return html`<p>${nameHtml(log)}</p>`;
  const each = "count" in window ? countOf(window.count, "prediction") : spanText(window.ms);
  return html`<p>${nameHtml(log, 80)}, ${timeText(firstMs)} to ${timeText(lastMs)} UTC. Windows of ${each} of a version are compared with what its bundle was evaluated
on; a window without any change raises an alarm in ${formatShare(falseAlarmRate)} of the cases.</p>`;
}

function overview(report: MonitorReport): Html {
  const { count, labelled, windows, alarms, falseAlarmRate } = report;
  const tested = windows.flatMap(({ drift }) => ("notTested" in drift ? [] : [drift]));
  const drifted = tested.filter(({ hasDrifted }) => hasDrifted).length;
  const right = report.versions
    .filter(({ role }) => role !== "challenger")
    .reduce((sum, { labelled }) => sum + (labelled?.right ?? 0), 0);
  const latest = latestWindow(windows);
  const expected =
    latest === undefined || "notTested" in latest.drift
      ? "not known"
      : latest.drift.accuracy.isKnown
        ? formatShare(latest.drift.accuracy.accuracy)
        : "withheld";
  return html`${tilesHtml([
    { title: "predictions", value: formatCount(count) },
    { title: "with a label", value: formatCount(labelled) },
    { title: "right, by labels", value: labelled === 0 ? "not known" : formatShare(right / labelled) },
    { title: "accuracy expected of the last window", value: expected },
    { title: "windows that differ", value: `${drifted} of ${tested.length}` },
  ])}
${
  alarms.length > 0
    ? html`<ul>${alarms.map(({ kind, model, version, timeMs, text }) => html`<li><strong>${kind}</strong>, ${nameHtml(model, 40)} ${nameHtml(version, 20)}, until ${timeText(timeMs)}: ${text}</li>`)}</ul>`
    : tested.length > 0 &&
      html`<p>${
        drifted === 0
          ? "No window differs from what the models were evaluated on."
          : `The latest window does not differ. ${drifted} of ${tested.length} do; chance alone gives about ${(tested.length * falseAlarmRate).toFixed(1)}.`
      }</p>`
}`;
}
