/** `pawprint train`: labelled pictures in, a bundle out. */

import { dirname } from "node:path";
import { interruptionOf } from "../../../base/cancel.ts";
import { AppError, withHint } from "../../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import { nameOf } from "../../../dataset/source-name.ts";
import { renderChart } from "../../../report/charts/chart.ts";
import { trainingChart } from "../../../report/training/training-chart.ts";
import { type TrainSettings, trainConfigSchema } from "../../../train/plan/train-config.ts";
import { readGitCommit } from "../../../wire/git-state.ts";
import { renderTrainingReport, train } from "../../../wire/library.ts";
import { pipelineStage } from "../../../wire/pipeline-stage.ts";
import { defineCommand } from "../../frame/command.ts";
import { packsFolder, pathFrom, shownName, shownPath } from "../../paths.ts";
import { loadPawprintConfig, optionsOf, readingFlags } from "../../pawprint-config.ts";
import { evaluationText } from "../../text/evaluation-text.ts";
import { bundleText, createEventPrinter, recordedText, trainResult } from "../../text/training-text.ts";
import { openTracking, trackingOptions } from "../../tracking-options.ts";

export const command = defineCommand({
  description: `Settings that are not given are chosen from the data, and printed with the reason. Every flag can also be set in pawprint.yaml
under train:, or in the environment as PAWPRINT_TRAIN_...

Each training is recorded as a run in the folder runs, or where --tracking-uri or MLFLOW_TRACKING_URI says: an MLflow server will do.

Ctrl-C ends training after the step under way and writes a checkpoint beside the bundle; --resume resumes from it.`,
  arguments: [],
  options: [
    ...optionsOf(trainConfigSchema),
    { name: "force", short: "f", type: "boolean", doc: "replace a bundle that is there" },
    { name: "strict", type: "boolean", doc: "fail at the first picture that cannot be used" },
    { name: "resume", type: "boolean", doc: "resume a training that was interrupted" },
    { name: "history", type: "string", placeholder: "FILE", doc: "write settings, epochs and metrics to a JSON file" },
    {
      name: "config",
      type: "string",
      placeholder: "FILE",
      doc: "read settings from this file instead of pawprint.yaml",
    },
    { name: "chart", type: "string", placeholder: "FILE.svg", doc: "draw accuracy over time" },
    {
      name: "report",
      type: "string",
      placeholder: "FILE.html",
      doc: "write a page with data, settings, learning curves, evaluation and timing",
    },
    ...trackingOptions,
  ],
  examples: [
    { line: "pawprint train --data pictures", doc: "a folder with a folder of pictures for each class" },
    {
      line: "pawprint train --data cats-dogs.zip --size 96 --epochs 20 --out models/pets.onnx",
      doc: "choose size, epochs and the bundle's name",
    },
    { line: "pawprint train --data mnist", doc: "a folder with the idx files of MNIST" },
    {
      line: "pawprint train --data pictures --backbone mobilenet-v2.onnx --backbone-input minus-one-to-one",
      doc: "a new last layer on a pretrained network: seconds, and a hundred pictures will do",
    },
    { line: "pawprint train --data pictures --architecture resnet --widths 16,32,64", doc: "another network" },
  ],
  leavesFiles: true,
  again: "pictures that were packed are not decoded again",
  async run(context, _args, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { train: config } = await loadPawprintConfig(context, "train", options, options.config);
    const { data, out = `models/${nameOf(pathFrom(cwd, data ?? ""))}.onnx`, threads, ...given } = config;
    const settings = withPaths(cwd, given);
    if (data === undefined) throw missingData();
    const force = options.force;
    const [history, chart, page] = [options.history, options.chart, options.report].map((path) =>
      typeof path === "string" ? pathFrom(cwd, path) : undefined,
    );
    for (const path of [history, chart, page]) {
      if (path === undefined) continue;
      await requireFreePath(path, force);
      await ensureFolder(dirname(path));
    }
    const gitCommit = await readGitCommit(cwd);
    const pipeline = await pipelineStage(context.env, cwd);
    const recording = await openTracking(context, options, {
      source: "pawprint train",
      experiment: nameOf(data),
      ...(options.config !== undefined && { file: options.config }),
    });
    const report = await train({
      data: pathFrom(cwd, data),
      out: pathFrom(cwd, out),
      settings,
      force,
      strict: options.strict,
      resume: options.resume,
      run: { createdAt: new Date(context.now()).toISOString() },
      ...(gitCommit !== undefined && { gitCommit }),
      ...(pipeline !== undefined && { pipeline }),
      ...(threads !== undefined && { threads }),
      packs: pathFrom(cwd, packsFolder),
      signal,
      progress,
      logger,
      tracking: recording.tracking,
      onEvent: createEventPrinter(context),
    }).finally(recording.close);
    const shown = shownPath(cwd, report.bundle.path);
    try {
      if (page !== undefined) {
        const flags = readingFlags(options);
        const names = { bundle: shown, data, ...(flags !== "" && { readingFlags: flags }) };
        const html = await renderTrainingReport(report, { names, now: new Date(context.now()), signal });
        await writeFileAtomic(page, html, { force });
      }
    } catch (error) {
      // The bundle is there, and nothing else that the same command would find in its way.
      throw signal.aborted ? withHint(interruptionOf(signal), "write what is left with `resume`") : error;
    } finally {
      await report.pack.pixels.close();
    }
    const result = trainResult(report);
    if (history !== undefined) await writeFileAtomic(history, `${JSON.stringify(result, null, 2)}\n`, { force });
    if (chart !== undefined) {
      const svg = await renderChart(trainingChart(report.history, report.bestEpoch));
      await writeFileAtomic(chart, `${svg}\n`, { force });
    }
    const { split: evaluated } = report.bundle.info.evaluation;
    return {
      result,
      text: [
        evaluationText(evaluated === "val" ? "the validation split" : "the test split", report.evaluation, style),
        "",
        bundleText(report, shown, style),
        ...(report.recorded === undefined ? [] : [recordedText(report.recorded, context, options.trackingUri)]),
        ...(page === undefined ? [] : [`${style.bold("Report")}  ${shownName(shownPath(cwd, page))}`]),
      ].join("\n"),
      next: [
        style.cyan(`pawprint predict ${shellPath(shown)} PICTURE_OR_FOLDER`),
        ...(report.recorded === undefined ? [] : [style.cyan(`pawprint models register NAME ${shellPath(shown)}`)]),
      ].join(", or "),
      quietText: shown,
    };
  },
});

/** Files that settings name, from the current folder. */
function withPaths(cwd: string, settings: TrainSettings): TrainSettings {
  const { backbone } = settings;
  return backbone === undefined ? settings : { ...settings, backbone: pathFrom(cwd, backbone) };
}

function missingData(): AppError {
  return new AppError("CLI_USAGE", {
    required: "--data with labelled pictures",
    received: "no --data",
    where: "pawprint train",
    hint: "give --data FOLDER, or write train.data in pawprint.yaml; without data try: pawprint quickstart",
  });
}
