/** `pawprint evaluate`: a bundle's metrics on labelled pictures. */

import { shellPath } from "../../../base/shell-word.ts";
import type { BundleFile } from "../../../bundle/bundle-file.ts";
import type { LoadedBundle } from "../../../bundle/load-bundle.ts";
import { nameOf } from "../../../dataset/source-name.ts";
import { isS3Address } from "../../../storage/s3-address.ts";
import type { ModelEvaluation } from "../../../train/evaluation/model-evaluation.ts";
import type { RecordedEvaluation } from "../../../train/recording/evaluation-recorder.ts";
import { recordEvaluated } from "../../../wire/evaluation-recording.ts";
import { evaluateBundle, inspectBundle, loadBundle } from "../../../wire/library.ts";
import type { EvaluatedModels } from "../../../wire/reports.ts";
import { bundleAt, bundleDoc } from "../../bundle-at.ts";
import { prepareFiles, writeEvaluationFiles } from "../../evaluation-files.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { labelledData, labelledDataOptions, splitOption } from "../../labelled-data.ts";
import { packsFolder, pathFrom, shownName, shownPath } from "../../paths.ts";
import { readingFlags } from "../../pawprint-config.ts";
import { analysisText, comparisonText } from "../../text/analysis-text.ts";
import { evaluationText } from "../../text/evaluation-text.ts";
import { openTracking, recordingOptions } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `Pictures fall into splits by a hash of their bytes, as in training, so the test split of the same data is unseen by the bundle.
On other data choose --split all.

Reports accuracy with its confidence interval, per-class metrics, calibration, ROC and precision-recall, thresholds, slices with lower accuracy,
the most confident mistakes, and latency. With --against two bundles predict the same pictures, and McNemar's test compares them.`,
  arguments: [{ name: "model", doc: bundleDoc }],
  options: [
    ...labelledDataOptions(),
    splitOption,
    { name: "against", type: "string", placeholder: "BUNDLE", doc: "a second bundle to compare with" },
    { name: "report", type: "string", placeholder: "FILE.html", doc: "write a page with charts and pictures" },
    {
      name: "csv",
      type: "string",
      placeholder: "FILE.csv",
      doc: "write a row for each picture: answer, confidence, the probability of every class",
    },
    { name: "charts", type: "string", placeholder: "FOLDER", doc: "write the charts as SVG files" },
    { name: "force", short: "f", type: "boolean", doc: "overwrite existing files" },
    {
      name: "latency",
      type: "boolean",
      default: true,
      doc: "time the answers on this machine; --no-latency saves 2 seconds",
    },
    ...recordingOptions,
  ],
  examples: [
    { line: "pawprint evaluate models/cats-dogs.onnx --data cats-dogs.zip", doc: "the split that training never saw" },
    {
      line: "pawprint evaluate models/cats-dogs.onnx --data cats-dogs.zip --report evaluation.html",
      doc: "the same as a page, with curves and the surest mistakes",
    },
    {
      line: "pawprint evaluate models/new.onnx --data cats-dogs.zip --against models/old.onnx",
      doc: "whether the new one is better",
    },
    {
      line: "pawprint evaluate models:/cats-dogs/8 --data cats-dogs.zip --against models:/cats-dogs@champion",
      doc: "a registered version beside the one that serves",
    },
    { line: "pawprint evaluate models/cats-dogs.onnx --data new-pictures --split all --json", doc: "other pictures" },
  ],
  leavesFiles: true,
  again: "pictures that were packed are not decoded again",
  async run(context, { model }, options) {
    const { cwd, signal, progress, logger, now } = context;
    const { data, reading } = await labelledData(context, options, "pawprint evaluate");
    const { report, csv, charts, force } = options;
    const files = {
      ...(report !== undefined && { report: pathFrom(cwd, report) }),
      ...(csv !== undefined && { csv: pathFrom(cwd, csv) }),
      ...(charts !== undefined && { charts: pathFrom(cwd, charts) }),
    };
    await prepareFiles(files, force);
    const recording = await openTracking(context, options, { source: "pawprint evaluate", experiment: nameOf(data) });
    const first = await openModel(model, context, options);
    let second: OpenedModel | undefined;
    try {
      if (options.against !== undefined) second = await openModel(options.against, context, options);
      const evaluation = await evaluateBundle({
        bundle: first.bundle,
        data: pathFrom(cwd, data),
        reading,
        split: options.split,
        ...(second && { against: second.bundle }),
        measuresLatency: options.latency,
        // From an object store every picture would be downloaded again.
        readsSizes: !isS3Address(data),
        strict: options.strict,
        packs: pathFrom(cwd, packsFolder),
        signal,
        progress,
        logger,
      });
      const models = { model: first.file, ...(second && { against: second.file }), data, evaluation };
      const written = await writeEvaluationFiles(files, models, { force, signal, now: new Date(now()) });
      const recorded = recording.tracking
        ? await recordEvaluated({ info: first.file.info, ...models }, recording.tracking, { logger, signal })
        : undefined;
      const shown = written.map((file) => shownName(shownPath(cwd, file)));
      return {
        result: { ...resultOf(models, written), ...(recorded && { recorded }) },
        text: textOf(models, shown, recorded, context),
        ...(written.length === 0 ? { next: nextText(models, options, context) } : { quietText: shown.join("\n") }),
      };
    } finally {
      await first.bundle.close();
      await second?.bundle.close();
      await recording.close();
    }
  },
});

interface OpenedModel {
  readonly bundle: LoadedBundle;
  readonly file: BundleFile;
}

async function openModel(
  given: string,
  context: CommandContext,
  options: Parameters<typeof bundleAt>[2],
): Promise<OpenedModel> {
  const { input, name } = await bundleAt(context, given, options);
  const file = await inspectBundle(input, name);
  return { file, bundle: await loadBundle(input) };
}

/** All metrics as JSON; curves and pictures are in the report, single predictions in the CSV. */
function resultOf({ model, against, data, evaluation }: EvaluatedModels, files: readonly string[]): object {
  const { split, datasetHash } = evaluation;
  const second = evaluation.against;
  return {
    model: model.path,
    data,
    split,
    datasetHash,
    ...figuresOf(evaluation),
    ...(against &&
      second && {
        against: {
          model: against.path,
          ...(second.trainedOn !== undefined && { trainedOn: second.trainedOn }),
          ...figuresOf(second),
          comparison: second.comparison,
        },
      }),
    files,
  };
}

function figuresOf(figures: ModelEvaluation): object {
  const { isTrainingData, evaluation, calibration, uncalibrated, rankings, macro, thresholds, wrong, slices, latency } =
    figures;
  return {
    isTrainingData,
    evaluation,
    calibration,
    ...(uncalibrated && { uncalibrated }),
    rankings,
    ...(macro && { macro }),
    thresholds,
    wrong,
    slices,
    ...(latency && { latency }),
  };
}

function textOf(
  { model, against, evaluation }: EvaluatedModels,
  files: readonly string[],
  recorded: RecordedEvaluation | undefined,
  { style }: CommandContext,
): string {
  const name = evaluation.split === "all" ? "all pictures" : `the ${evaluation.split} split`;
  return [
    evaluationText(name, evaluation.evaluation, style),
    "",
    analysisText(evaluation, style),
    ...(against && evaluation.against
      ? ["", comparisonText([model.path, against.path], evaluation, evaluation.against, style)]
      : []),
    "",
    ...files.map((file) => `${style.bold("Written")}  ${file}`),
    ...(recorded ? [`${style.bold("Run")}      ${recorded.runId.slice(0, 8)}: ${recorded.folder}`] : []),
  ].join("\n");
}

type GivenOptions = Parameters<typeof readingFlags>[0] & { readonly trackingUri?: string | undefined };

/** The same evaluation, with what decided it. */
function nextText(
  { model, data, against, evaluation: { split } }: EvaluatedModels,
  options: GivenOptions,
  { style }: CommandContext,
): string {
  const others = [
    readingFlags(options),
    ...(split === "test" ? [] : [` --split ${split}`]),
    ...(against === undefined ? [] : [` --against ${shellPath(against.path)}`]),
    ...(options.trackingUri === undefined ? [] : [` --tracking-uri ${shellPath(options.trackingUri)}`]),
  ].join("");
  const line = `pawprint evaluate ${shellPath(model.path)} --data ${shellPath(data)}${others} --report evaluation.html`;
  return `${style.cyan(line)}, a page with curves and pictures`;
}
