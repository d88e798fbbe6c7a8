/** `pawprint sweep`: searches settings of a training, a process for each trial. */

import { basename, extname, join } from "node:path";
import { AppError, isErrorCode } from "../../../base/errors.ts";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { readText } from "../../../base/files/read-file.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { nameOf } from "../../../dataset/source-name.ts";
import { renderChart } from "../../../report/charts/chart.ts";
import { sweepChart } from "../../../report/training/sweep-chart.ts";
import type { ObjectStore } from "../../../storage/object-store.ts";
import { openStore } from "../../../storage/open-store.ts";
import { readSweepRun, type SweepRecorder } from "../../../train/recording/sweep-recorder.ts";
import { runSweep, trialName } from "../../../train/sweep/run-sweep.ts";
import { parseSweep, type Sweep } from "../../../train/sweep/sweep-config.ts";
import { isSettled, type TrialConfig, type TrialResult, trialConfig } from "../../../train/sweep/trial.ts";
import { type LeaveTrialOptions, leaveTrial } from "../../../train/sweep/trial-results.ts";
import { beginSweep } from "../../../wire/recording.ts";
import { type CommandContext, type CommandReport, defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { percent } from "../../text/evaluation-text.ts";
import { sweepCsv, sweepTable } from "../../text/sweep-text.ts";
import { openTracking, trackingOptions, trackingSettings } from "../../tracking-options.ts";
import { trainInChild } from "../../trial-process.ts";

export const command = defineCommand({
  description: `The file names the settings to search and their ranges. Each trial is a training in its own process, and its settings depend on the file and the
trial's number alone. Finished trials are not run again: to resume a sweep after Ctrl-C, run the same command. Results are a ranked table, sweep.csv, a chart
and the bundle of every trial.`,
  arguments: [{ name: "file", doc: "the sweep, such as sweep.yaml" }],
  options: [
    {
      name: "out",
      type: "string",
      placeholder: "FOLDER",
      doc: "the folder of the trials; sweeps/NAME unless given, named after the file",
    },
    { name: "parallel", type: "integer", min: 1, max: 64, default: 1, doc: "trials at once; they share the cores" },
    {
      name: "trial",
      type: "integer",
      min: 0,
      max: 9999,
      doc: "run this trial alone and print its metrics: for a job in a cluster",
    },
    {
      name: "trialEpochs",
      type: "integer",
      min: 1,
      max: 10_000,
      doc: "with --trial: its epochs; those of the file unless given",
    },
    {
      name: "results",
      type: "string",
      placeholder: "ADDRESS",
      doc: "with --trial: leave its result and bundle below this address, s3://bucket/prefix or a folder",
    },
    ...trackingOptions,
  ],
  examples: [
    { line: "pawprint sweep sweep.yaml", doc: "every trial, one after another" },
    { line: "pawprint sweep sweep.yaml --trial 3 --json", doc: "one trial of it" },
  ],
  leavesFiles: true,
  again: "finished trials are kept, and a trial that was cut off resumes",
  async run(context, { file }, options) {
    const { cwd, env, signal, progress, logger } = context;
    const { out, parallel, trial, trialEpochs, results } = options;
    requireFittingFlags(options);
    const path = pathFrom(cwd, file);
    const text = await readText(path);
    const sweep = parseSweep(text, basename(file));
    const name = basename(file, extname(file));
    const folder = pathFrom(cwd, out ?? join("sweeps", name));
    const settings = await trackingSettings(context, options);
    const given = { source: "pawprint sweep", experiment: env.MLFLOW_EXPERIMENT_NAME || nameOf(sweep.data) };
    if (trial !== undefined) {
      const config = trialConfig(sweep, trial, trialEpochs ?? sweep.epochs);
      const parentRun = settings.parentRun ?? (await readSweepRun(folder));
      const tracking = { experiment: given.experiment, ...settings, ...(parentRun !== undefined && { parentRun }) };
      const runTrial = (config: TrialConfig, place: string) =>
        trainInChild({ sweep, context, parallel: 1, tracking }, config, place);
      if (results !== undefined) {
        return leaveResult({ sweep, text, trial, folder, runTrial, signal }, await openStore(results, cwd));
      }
      const metrics = await runTrial(config, join(folder, trialName(trial, config.epochs)));
      return {
        result: { ...config, ...metrics },
        text: `trial ${trial}: ${percent(metrics.validationAccuracy)} on the validation split`,
      };
    }
    const recording = await openTracking(context, options, given);
    const { tracking } = recording;
    let recorder: SweepRecorder | undefined;
    try {
      const { results, reused } = await runSweep({
        sweep,
        folder,
        parallel,
        signal,
        progress,
        async onBegin() {
          if (tracking)
            recorder = await beginSweep({ sweep, folder, name: settings.runName ?? name }, tracking, logger);
        },
        runTrial(config, place) {
          const ours = tracking && recorder && { experiment: tracking.experiment, parentRun: recorder.run.id };
          return trainInChild({ sweep, context, parallel, tracking: { ...settings, ...ours } }, config, place);
        },
      });
      recorder?.file("sweep.yaml", text);
      for (const [file, content] of await writeSweepFiles(folder, sweep, results)) recorder?.file(file, content);
      await recorder?.finish(results);
      return reportOf({ folder, reused, results, searched: Object.keys(sweep.search) }, recorder, context);
    } catch (error) {
      await recorder?.fail(error);
      throw error;
    } finally {
      await recording.close();
    }
  },
});

/** Errors: CLI_USAGE. */
function requireFittingFlags({
  trial,
  trialEpochs,
  results,
}: {
  readonly trial: number | undefined;
  readonly trialEpochs: number | undefined;
  readonly results: string | undefined;
}): void {
  if (results === undefined || (trial !== undefined && trialEpochs === undefined)) return;
  throw new AppError("CLI_USAGE", {
    required: "--results with --trial, and without --trial-epochs",
    received: trial === undefined ? "no --trial" : "--trial-epochs",
    where: "pawprint sweep",
  });
}

/** A failure that follows from the settings is a result; another one fails the pod, for a new attempt. */
async function leaveResult(trial: Omit<LeaveTrialOptions, "store">, store: ObjectStore): Promise<CommandReport> {
  try {
    const { result, bundle, isReused } = await leaveTrial({ ...trial, store });
    const { error } = result;
    if (error && !isSettled(result)) {
      const code = isErrorCode(error.code) ? error.code : "TRIAL_FAILED";
      throw new AppError(code, { required: error.message.replace(/^(Expected )+/, "") });
    }
    const figure = error ? error.code : `${percent(result.validationAccuracy)} on the validation split`;
    const where = bundle && store.addressOf(bundle.key);
    return {
      result: { ...result, ...(where !== undefined && { bundle: where }), reused: isReused },
      text: visibleText(
        `trial ${result.trial}: ${figure}${isReused ? ", of an earlier attempt" : ""}; left in ${store.addressOf("")}`,
      ),
    };
  } finally {
    await store.close();
  }
}

const [tableName, chartName] = ["sweep.csv", "sweep.svg"] as const;

/** The table, and the chart where a trial finished; by name. */
async function writeSweepFiles(
  folder: string,
  { search }: Sweep,
  results: readonly TrialResult[],
): Promise<ReadonlyMap<string, string>> {
  const searched = Object.keys(search);
  const files = new Map([[tableName as string, sweepCsv(results, searched)]]);
  const trials = finished(results).map(({ trial, drawn, validationAccuracy }) => ({
    trial,
    settings: drawn,
    validationAccuracy,
  }));
  if (trials.length > 0) files.set(chartName, await renderChart(sweepChart(trials, searched)));
  for (const [name, content] of files) await writeFileAtomic(join(folder, name), content, { force: true });
  return files;
}

function finished(results: readonly TrialResult[]) {
  return results.filter((result) => result.error === undefined);
}

function reportOf(
  {
    searched,
    ...sweep
  }: { folder: string; reused: number; results: readonly TrialResult[]; searched: readonly string[] },
  recorder: SweepRecorder | undefined,
  { cwd, style }: CommandContext,
): CommandReport {
  const { folder, results } = sweep;
  const [best] = finished(results);
  const bundle = best && shownPath(cwd, join(folder, trialName(best.trial, best.epochs), "model.onnx"));
  const runId = recorder?.run.id;
  return {
    result: { ...sweep, ...(runId !== undefined && { runId }) },
    text: [
      sweepTable(results, searched),
      "",
      best === undefined
        ? style.red("no trial finished")
        : `${style.bold("Best")}  ${visibleText(`${bundle}; the chart: ${shownPath(cwd, join(folder, chartName))}`)}`,
      ...(runId === undefined ? [] : [`${style.bold("Run")}   ${runId.slice(0, 8)}, each trial a part of it`]),
    ].join("\n"),
    quietText: bundle ?? "",
    exitCode: best === undefined ? 1 : 0,
  };
}
