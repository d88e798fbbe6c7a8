/** `pawprint find-rate`: which learning rate to train with, measured on the data. */

import { dirname } from "node:path";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { AppError } from "../../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import { renderChart } from "../../../report/charts/chart.ts";
import { rateChart } from "../../../report/training/rate-chart.ts";
import { findRate } from "../../../train/fit/find-rate.ts";
import { trainConfigSchema } from "../../../train/plan/train-config.ts";
import { prepareTraining } from "../../../wire/library.ts";
import { defineCommand } from "../../frame/command.ts";
import { packsFolder, pathFrom, shownPath } from "../../paths.ts";
import { loadPawprintConfig, optionsOf } from "../../pawprint-config.ts";
import { farRateText, isFarRate, rateText } from "../../text/rate-text.ts";

/** Settings of `train` that do not apply. */
const unused: ReadonlySet<string> = new Set([
  "out",
  "epochs",
  "time",
  "learningRate",
  "schedule",
  "patience",
  "checkpointMinutes",
  "averageSteps",
  "progressive",
  "mixOff",
]);

export const command = defineCommand({
  description: `Trains a few times for some steps with a growing learning rate, and draws the mean loss over it. The rate at which the loss falls fastest is a good
--learning-rate: the peak of the one-cycle schedule, for the same batch size. Settings are those of train. No model is kept.`,
  arguments: [],
  options: [
    {
      name: "steps",
      type: "integer",
      min: 20,
      max: 10_000,
      default: 100,
      doc: "steps of each run at most; a run ends where its loss diverges",
    },
    { name: "runs", type: "integer", min: 1, max: 100, default: 3, doc: "short trainings whose losses are averaged" },
    { name: "from", type: "number", min: 1e-12, max: 1, default: 1e-5, doc: "the first rate" },
    { name: "to", type: "number", min: 1e-9, max: 1000, default: 1, doc: "the rate of the last step" },
    { name: "out", type: "string", default: "learning-rate.svg", placeholder: "FILE", doc: "the chart" },
    { name: "force", short: "f", type: "boolean", doc: "replace a file that is there" },
    ...optionsOf(trainConfigSchema).filter(({ name }) => !unused.has(name)),
  ],
  examples: [{ line: "pawprint find-rate --data pictures --architecture resnet", doc: "before a long training" }],
  leavesFiles: true,
  again: "pictures that were packed are not decoded again, the steps start from the first one",
  async run(context, _args, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { runs, steps, from, to, out, force } = options;
    const { train } = await loadPawprintConfig(context, "train", options);
    const { data, out: _out, threads, ...settings } = train;
    if (data === undefined) throw usage("--data with labelled pictures", "no --data");
    if (!(Number(from) < Number(to))) throw usage("a --from below --to", `${from} and ${to}`);
    const path = pathFrom(cwd, String(out));
    await requireFreePath(path, force);
    const prepared = await prepareTraining({
      data: pathFrom(cwd, data),
      settings,
      packs: pathFrom(cwd, packsFolder),
      ...(threads !== undefined && { threads }),
      signal,
      progress,
      logger,
    });
    const { executor, pack: pictures } = prepared;
    const { model, pack } = prepared.fitted;
    const found = await findRate({
      executor,
      model,
      pack,
      plan: prepared.stepPlan,
      runs: Number(runs),
      steps: Number(steps),
      from: Number(from),
      to: Number(to),
      signal,
      progress,
    }).finally(() => pictures.pixels.close());
    throwIfCancelled(signal);
    const { points, advice } = found;
    const usualRate = prepared.stepPlan.learningRate;
    await ensureFolder(dirname(path));
    await writeFileAtomic(path, await renderChart(rateChart(points, { advice, usualRate })), { force });
    const { suggestion = null, range = null, rules = null } = advice ?? {};
    const isFar = suggestion !== null && isFarRate(suggestion, usualRate);
    if (isFar) logger.warn(farRateText(suggestion, usualRate));
    const tested = { from: Number(from), to: Number(to) };
    return {
      result: { suggestion, range, rules, usualRate, isFar, points, chart: path },
      quietText: suggestion === null ? "" : suggestion.toPrecision(2),
      text: rateText(found, { usualRate, tested, chart: shownPath(cwd, path) }, style),
    };
  },
});

function usage(required: string, received: string): AppError {
  return new AppError("CLI_USAGE", { required, received, where: "pawprint find-rate" });
}
