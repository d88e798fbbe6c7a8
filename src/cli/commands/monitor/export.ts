/** `pawprint monitor export`: kept pictures of a service as a dataset. */
import { join } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { counted } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { pictureChoices } from "../../../monitor/choose-pictures.ts";
import { exportManifestName, labelledFolder, type PictureExport } from "../../../monitor/export-pictures.ts";
import { serveConfigSchema } from "../../../server/serve-config.ts";
import { exportPicturesAt } from "../../../wire/monitoring.ts";
import { defineCommand } from "../../frame/command.ts";
import { table } from "../../frame/console.ts";
import { pathFrom, shownName, shownPath } from "../../paths.ts";
import { loadPawprintConfig, optionsOf } from "../../pawprint-config.ts";
import { prepareRetraining } from "../../retraining.ts";
import { momentOf } from "../../time-options.ts";

export const command = defineCommand({
  description: `Makes a new folder: labelled/ with a folder for each class by what the pictures really are, which train and data import read; to-label/ with the
others; predictions.csv, a manifest of all with what was answered and why each was chosen; lineage.json, which says what predictions they are. Fill in the column
label of predictions.csv, then the file is a dataset and monitor label takes it. Only pictures that the service kept can be exported.`,
  arguments: [],
  options: [
    ...optionsOf(serveConfigSchema, ["predictionLog", "keepPictures"]),
    { name: "out", type: "string", placeholder: "FOLDER", required: true, doc: "the folder to make" },
    {
      name: "only",
      type: "choice",
      choices: pictureChoices,
      doc: "labelled ones, wrong answers among them, or to be labelled: the least confident, those furthest from the reference",
    },
    {
      name: "since",
      type: "string",
      placeholder: "7d|TIME",
      doc: "no predictions before: a span until now, or a time",
    },
    { name: "until", type: "string", placeholder: "1d|TIME", doc: "no predictions from then on" },
    { name: "modelVersion", type: "string", placeholder: "VERSION", doc: "predictions of one version alone" },
    { name: "limit", type: "integer", min: 1, doc: "pictures at most; the newest unless --only has an order" },
    {
      name: "retrain",
      type: "boolean",
      doc: "then add the labelled ones to --data and run the stages that need it, short of those that promote",
    },
    { name: "data", type: "string", default: "data/raw", placeholder: "FOLDER", doc: "the pipeline's class folders" },
  ],
  examples: [
    { line: "pawprint monitor export --out data/unsure --only uncertain --limit 200", doc: "to be labelled" },
    { line: "pawprint monitor export --out data/served --only labelled --since 30d", doc: "for the next training" },
    { line: "pawprint monitor export --out data/served --only labelled --retrain", doc: "and a candidate from it" },
  ],
  leavesFiles: true,
  async run(context, _arguments, options) {
    const { cwd, signal, progress, logger, now, style } = context;
    const { predictionLog, keepPictures } = (await loadPawprintConfig(context, "serve", options)).serve;
    if (predictionLog === undefined || keepPictures === undefined) throw nowhere(predictionLog, keepPictures);
    const { since, until, modelVersion, only, limit } = options;
    if (options.retrain && (only === "uncertain" || only === "drifting")) throw notLabelled(only);
    const to = pathFrom(cwd, options.out);
    // Before anything is written: it may be no pipeline's data.
    const retraining = options.retrain ? await prepareRetraining(context, options.data) : undefined;
    const report = await exportPicturesAt({
      predictionLog: pathFrom(cwd, predictionLog),
      keepPictures: pathFrom(cwd, keepPictures),
      to,
      only,
      limit,
      range: {
        ...(since !== undefined && { fromMs: momentOf(since, "--since", now()) }),
        ...(until !== undefined && { untilMs: momentOf(until, "--until", now()) }),
        ...(modelVersion !== undefined && { version: modelVersion }),
      },
      nowMs: now(),
      signal,
      progress,
    });
    const { notKept, withoutReference, unreadable } = report;
    if (notKept > 0) logger.warn(`the pictures of ${counted(notKept, "more prediction")} were not kept`);
    if (withoutReference > 0) logger.warn(`${counted(withoutReference, "prediction")} of versions without a reference`);
    if (unreadable > 0) logger.warn(`${counted(unreadable, "kept picture")} could not be read`);
    if (retraining !== undefined) {
      const { result, text, ...more } = await retraining(to);
      return {
        result: { ...report, retraining: result },
        text: `${exportText(report, shownPath(cwd, to))}\n\n${text}`,
        ...more,
      };
    }
    return {
      result: report,
      text: exportText(report, shownPath(cwd, to)),
      next: nextOf(report, shownPath(cwd, to), style.cyan),
      quietText: shownPath(cwd, to),
    };
  },
});

function exportText({ classes, labelled, unlabelled, renamed }: PictureExport, folder: string): string {
  const rows = classes.map(({ label, pictures }) => [label, String(pictures)]);
  return [
    ...(rows.length === 0 ? [] : [table(["CLASS", { title: "PICTURES", align: "right" }], rows), ""]),
    `Exported  ${counted(labelled, "labelled picture")} and ${unlabelled} to be labelled, into ${visibleText(folder)}`,
    ...renamed.map(
      ({ label, folder: name }) => `Renamed   class ${shownName(label)} is in the folder ${shownName(name)}`,
    ),
  ].join("\n");
}

function nextOf(
  { labelled, unlabelled, renamed }: PictureExport,
  folder: string,
  line: (text: string) => string,
): string {
  const manifest = shellPath(join(folder, exportManifestName));
  if (unlabelled > 0)
    return `fill in the column label of ${manifest}, then ${line(`pawprint monitor label ${manifest}`)}`;
  const data = renamed.length > 0 || labelled === 0 ? manifest : shellPath(join(folder, labelledFolder));
  return line(`pawprint data check ${data}`);
}

function notLabelled(only: string): AppError {
  return new AppError("CLI_USAGE", {
    required: "--retrain with labelled pictures: --only labelled, --only wrong, or all",
    received: `--only ${only}`,
    where: "pawprint monitor export",
  });
}

function nowhere(predictionLog: string | undefined, keepPictures: string | undefined): AppError {
  return new AppError("CLI_USAGE", {
    required: "a prediction log by --prediction-log and kept pictures by --keep-pictures, or in pawprint.yaml",
    received: predictionLog === undefined ? (keepPictures === undefined ? "neither" : "no log") : "no pictures",
    where: "pawprint monitor export",
  });
}
