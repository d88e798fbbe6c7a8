/** A monitor's report in the terminal. */
import { counted } from "../../base/quantity.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { MonitorAlarm, MonitorReport } from "../../monitor/measure-log.ts";
import { timeText } from "../../monitor/page/time-text.ts";
import { comparisonText, referenceErrorText } from "../../monitor/report-text.ts";
import type { VersionFigures } from "../../monitor/version-figures.ts";
import { latestWindow, type WindowFigures } from "../../monitor/window-figures.ts";
import type { CommandContext } from "../frame/command.ts";
import { fittedTable } from "../frame/fitted-table.ts";
import { percent } from "./evaluation-text.ts";

export function monitorText(report: MonitorReport, { width, style }: Pick<CommandContext, "width" | "style">): string {
  const { count, labelled, firstMs, lastMs, versions, windows, comparisons, alarms } = report;
  if (count === 0 || firstMs === undefined || lastMs === undefined) {
    return `no predictions in this range (${visibleText(report.log)})`;
  }
  return [
    `${counted(count, "prediction")}, ${timeText(firstMs)} to ${timeText(lastMs)} UTC, ${labelled} with a label`,
    "",
    versionTable(versions, width),
    "",
    windowsText(windows, report.falseAlarmRate),
    ...comparisons.map((comparison) => visibleText(comparisonText(comparison))),
    ...(alarms.length === 0
      ? [style.green("no alarm")]
      : alarms.map((alarm) => `${style.red("alarm")}: ${alarmText(alarm)}`)),
  ].join("\n");
}

export function alarmText({ kind, model, version, text }: MonitorAlarm): string {
  return `${kind} of ${visibleText(model)} ${visibleText(version.slice(0, 16))}: ${visibleText(text)}`;
}

function versionTable(versions: readonly VersionFigures[], width: number): string {
  const cells = (show: (version: VersionFigures) => string): readonly string[] => versions.map(show);
  const none = "-";
  return fittedTable(
    [
      { title: "VERSION", cells: cells(({ version }) => visibleText(version.slice(0, 16))), least: 6 },
      { title: "ROLE", cells: cells(({ role }) => visibleText(role)) },
      { title: "PREDICTIONS", cells: cells(({ count }) => String(count)), align: "right", dropped: 1 },
      { title: "LABELS", cells: cells(({ labelled }) => String(labelled?.count ?? 0)), align: "right" },
      {
        title: "ACCURACY",
        cells: cells(({ labelled }) =>
          labelled
            ? `${percent(labelled.accuracy)} (${(100 * labelled.interval.low).toFixed(1)} to ${(100 * labelled.interval.high).toFixed(1)})`
            : none,
        ),
        align: "right",
      },
      {
        title: "CALIBRATION ERROR",
        cells: cells(({ labelled }) => labelled?.expectedCalibrationError.toFixed(3) ?? none),
        align: "right",
        dropped: 2,
      },
      {
        title: "CONFIDENCE",
        cells: cells(({ meanConfidence }) => percent(meanConfidence)),
        align: "right",
        dropped: 3,
      },
      {
        title: "EVALUATED",
        cells: cells(({ reference }) => (reference ? percent(reference.accuracy) : none)),
        align: "right",
      },
    ],
    width,
  ).text;
}

function windowsText(windows: readonly WindowFigures[], rate: number): string {
  const tested = windows.flatMap(({ drift }) => ("notTested" in drift ? [] : [drift]));
  const latest = latestWindow(windows);
  if (latest === undefined) return "no window";
  if (tested.length === 0) {
    return `not compared with a reference: ${"notTested" in latest.drift ? visibleText(latest.drift.notTested) : ""}`;
  }
  const drifted = tested.filter(({ hasDrifted }) => hasDrifted).length;
  const chance = (tested.length * rate).toFixed(1);
  const head = `${drifted} of ${counted(tested.length, "window")} differ from the reference (about ${chance} by chance)`;
  if ("notTested" in latest.drift)
    return `${head}; the last one is not compared: ${visibleText(latest.drift.notTested)}`;
  const { accuracy, summary } = latest.drift;
  const expected = accuracy.isKnown
    ? `expected accuracy ${percent(accuracy.accuracy)} (${(100 * accuracy.interval.low).toFixed(1)} to ${(100 * accuracy.interval.high).toFixed(1)}), an estimate without labels${accuracy.reference ? `: ${referenceErrorText(accuracy.reference)}` : ""}`
    : `expected accuracy withheld: ${accuracy.reason}`;
  return `${head}\nthe last one: ${visibleText(summary)}\n${expected}`;
}
