/** `pawprint monitor report`: what a prediction log says of its models. */
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import type { MonitorReport } from "../../../monitor/measure-log.ts";
import { isS3Address } from "../../../storage/s3-address.ts";
import { measurePredictionLog, writeMonitorPage } from "../../../wire/monitoring.ts";
import { defineCommand } from "../../frame/command.ts";
import { monitorOptions, monitorSettings } from "../../monitor-options.ts";
import { pathFrom, shownName, shownPath } from "../../paths.ts";
import { monitorText } from "../../text/monitor-text.ts";

export const command = defineCommand({
  description: `Reads the predictions once, whatever their number: accuracy, confusion and calibration by labels, for each version and role; windows of predictions
against what the bundle was evaluated on; accuracy as confidences let expect it, withheld where that no longer holds; canary and challenger beside the champion.
The exit code is 1 where there is an alarm: the last window differs, the accuracy by labels is below that of the evaluation, or the canary is worse.`,
  arguments: [],
  options: [
    ...monitorOptions,
    {
      name: "out",
      short: "o",
      type: "string",
      placeholder: "FILE.html",
      doc: "write a page with charts; a file or s3://BUCKET/KEY",
    },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing file" },
  ],
  examples: [
    {
      line: "pawprint monitor report --prediction-log .pawprint/predictions.db --out monitoring.html",
      doc: "of all that is logged, as a page",
    },
    {
      line: "pawprint monitor report --prediction-log postgres://pawprint@db/pawprint --since 1d --json",
      doc: "for a job that runs each day",
    },
  ],
  leavesFiles: true,
  async run(context, _, options) {
    const { cwd, signal, now } = context;
    const { log, keepPictures } = await monitorSettings(context, options);
    const out = options.out === undefined ? undefined : pathFrom(cwd, options.out);
    if (out !== undefined && !isS3Address(out)) await requireFreePath(out, options.force);
    const report = await measurePredictionLog(log);
    const page =
      out === undefined
        ? undefined
        : await writeMonitorPage({
            ...{ report, out, force: options.force, cwd, signal, now: new Date(now()) },
            ...(keepPictures !== undefined && { keepPictures }),
          });
    const shown = page === undefined ? undefined : shownName(shownPath(cwd, page));
    return {
      result: { ...report, ...(page !== undefined && { page }) },
      text: [monitorText(report, context), ...(shown === undefined ? [] : [`written: ${shown}`])].join("\n"),
      ...(shown !== undefined && { quietText: shown }),
      ...nextOf(report, out),
      exitCode: report.alarms.length > 0 ? 1 : 0,
    };
  },
});

function nextOf({ count }: MonitorReport, out: string | undefined): { readonly next?: string } {
  return out === undefined && count > 0 ? { next: "pawprint monitor report --out monitoring.html" } : {};
}
