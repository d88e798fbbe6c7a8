/** `pawprint sweep`: searches settings of a training, a process for each trial. */

import { basename, extname, join } from "node:path";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { readText } from "../../../base/files/read-file.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { renderChart } from "../../../report/charts/chart.ts";
import { sweepChart } from "../../../report/training/sweep-chart.ts";
import { runSweep, trialName } from "../../../train/sweep/run-sweep.ts";
import { parseSweep } from "../../../train/sweep/sweep-config.ts";
import { trialConfig } from "../../../train/sweep/trial.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { percent } from "../../text/evaluation-text.ts";
import { sweepCsv, sweepTable } from "../../text/sweep-text.ts";
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
  ],
  examples: [
    { line: "pawprint sweep sweep.yaml", doc: "every trial, one after another" },
    { line: "pawprint sweep sweep.yaml --trial 3 --json", doc: "one trial of it" },
  ],
  leavesFiles: true,
  again: "finished trials are kept, and a trial that was cut off resumes",
  async run(context, { file }, { out, parallel, trial, trialEpochs }) {
    const { cwd, signal, progress, style } = context;
    const path = pathFrom(cwd, file);
    const text = await readText(path);
    const sweep = parseSweep(text, basename(file));
    const folder = pathFrom(cwd, out ?? join("sweeps", basename(file, extname(file))));
    if (trial !== undefined) {
      const config = trialConfig(sweep, trial, trialEpochs ?? sweep.epochs);
      const metrics = await trainInChild(
        { sweep, context, parallel: 1 },
        config,
        join(folder, trialName(trial, config.epochs)),
      );
      return {
        result: { ...config, ...metrics },
        text: `trial ${trial}: ${percent(metrics.validationAccuracy)} on the validation split`,
      };
    }
    const { results, reused } = await runSweep({
      sweep,
      folder,
      parallel,
      signal,
      progress,
      runTrial: (config, place) => trainInChild({ sweep, context, parallel }, config, place),
    });
    const good = results.filter((result) => result.error === undefined);
    const searched = Object.keys(sweep.search);
    const chart = join(folder, "sweep.svg");
    await writeFileAtomic(join(folder, "sweep.csv"), sweepCsv(results, searched), { force: true });
    if (good.length > 0) {
      const trials = good.map(({ trial: number, drawn, validationAccuracy }) => ({
        trial: number,
        settings: drawn,
        validationAccuracy,
      }));
      await writeFileAtomic(chart, await renderChart(sweepChart(trials, searched)), { force: true });
    }
    const best = good[0];
    const bundle = best && shownPath(cwd, join(folder, trialName(best.trial, best.epochs), "model.onnx"));
    return {
      result: { folder, reused, results },
      text: [
        sweepTable(results, searched),
        "",
        best === undefined
          ? style.red("no trial finished")
          : `${style.bold("Best")}  ${visibleText(`${bundle}; the chart: ${shownPath(cwd, chart)}`)}`,
      ].join("\n"),
      quietText: bundle ?? "",
      exitCode: best === undefined ? 1 : 0,
    };
  },
});
