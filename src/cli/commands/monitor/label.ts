/** `pawprint monitor label`: late labels in bulk, from a CSV file into the prediction log. */
import { AppError } from "../../../base/errors.ts";
import { counted } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { LabelReport } from "../../../monitor/label-predictions.ts";
import { serveConfigSchema } from "../../../server/serve-config.ts";
import { labelPredictionsAt } from "../../../wire/monitoring.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { loadPawprintConfig, optionsOf } from "../../pawprint-config.ts";

export const command = defineCommand({
  description: `Reads the columns request_id and label, and position where a request had several pictures (from 0); others are passed over, and so are lines without
a label. Each line is held against the log: the request must be in it, and the label must be one of the version that answered. A line that cannot be used is named
with its number, and nothing is written. The same file again adds nothing. What was said before stays as history; the latest label counts.`,
  arguments: [
    { name: "file", doc: "a .csv or .tsv file with a header line; predictions.csv of monitor export is one" },
  ],
  options: [
    ...optionsOf(serveConfigSchema, ["predictionLog"]),
    { name: "skipInvalid", type: "boolean", doc: "pass over lines that cannot be used, and list them" },
  ],
  examples: [
    { line: "pawprint monitor label labels.csv --prediction-log .pawprint/predictions.db", doc: "all lines or none" },
    { line: "pawprint monitor label labels.csv --skip-invalid --json", doc: "the log of pawprint.yaml, for a program" },
  ],
  leavesFiles: true,
  again: "labels that were written are left as they are",
  async run(context, { file }, options) {
    const { cwd, signal, progress, logger } = context;
    const { predictionLog } = (await loadPawprintConfig(context, "serve", options)).serve;
    if (predictionLog === undefined) {
      throw new AppError("CLI_USAGE", {
        required: "a prediction log by --prediction-log, or in pawprint.yaml",
        received: "none",
        where: "pawprint monitor label",
      });
    }
    const report = await labelPredictionsAt({
      file: pathFrom(cwd, file),
      predictionLog: pathFrom(cwd, predictionLog),
      skipInvalid: options.skipInvalid,
      signal,
      progress,
    });
    for (const { line, fault } of report.faults.slice(0, shownFaults))
      logger.warn(visibleText(`line ${line}: ${fault}`));
    const more = report.invalid - shownFaults;
    if (more > 0) logger.warn(`${more} more lines cannot be used (--json lists a thousand)`);
    return { result: report, text: labelText(report) };
  },
});

const shownFaults = 20;

/** "3 labels added, 2 unchanged, 1 faulty line passed over" */
function labelText({ added, unchanged, repeated, empty, invalid }: LabelReport): string {
  const parts = [
    `${counted(added, "label")} added`,
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
    ...(repeated > 0 ? [`${counted(repeated, "line")} repeated`] : []),
    ...(empty > 0 ? [`${counted(empty, "line")} without a label`] : []),
    ...(invalid > 0 ? [`${counted(invalid, "faulty line")} passed over`] : []),
  ];
  return parts.join(", ");
}
