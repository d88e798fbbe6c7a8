/** `pawprint runs compare`: in what runs differ. */

import { AppError } from "../../../base/errors.ts";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { readVersion } from "../../../base/version.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { compareRuns, renderComparisonCurves, renderRunComparison } from "../../../wire/runs.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { comparisonText, jsonComparison } from "../../text/run-comparison.ts";
import { storeOptions } from "../../tracking-options.ts";
import { findRuns, runsArgument, withRunStore } from "./run-options.ts";

export const command = defineCommand({
  description: `Settings, data, tags and metrics that differ, with the best value of each metric marked. The page and the chart have the curves of the
metrics over each other.`,
  arguments: [runsArgument],
  options: [
    {
      name: "metric",
      type: "string",
      placeholder: "KEY",
      repeatable: true,
      doc: "metrics whose curves are drawn, in place of the most telling ones",
    },
    { name: "all", type: "boolean", doc: "what is the same in all runs, too" },
    { name: "chart", type: "string", placeholder: "FILE.svg", doc: "write the curves as an SVG file" },
    { name: "report", type: "string", placeholder: "FILE.html", doc: "write table and curves as a page" },
    { name: "force", type: "boolean", doc: "replace files that are there" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs compare 3f8ef1c0 9510a07e", doc: "two runs" },
    { line: "pawprint runs compare small large --chart curves.svg --metric val_loss", doc: "by name, with a chart" },
  ],
  async run(context, { runs: references }, { metric, all, chart, report, force, ...options }) {
    const { cwd, signal, now, style } = context;
    return withRunStore(context, options, async (store) => {
      const runs = await findRuns(store, references);
      if (runs.length < 2) {
        throw new AppError("CLI_USAGE", {
          required: "at least two different runs",
          received: `${runs.length}`,
          hint: "list the runs there: pawprint runs list",
        });
      }
      const missing = metric.filter((key) => !runs.some(({ metrics }) => metrics.has(key)));
      for (const key of missing) context.logger.warn(`no run has the metric ${key}`);
      const comparison = await compareRuns(store, runs, { ...(metric.length > 0 && { metrics: metric }), signal });
      if (chart !== undefined)
        await writeFileAtomic(pathFrom(cwd, chart), await renderComparisonCurves(comparison), { force });
      const experiments = new Map((await store.listExperiments("all")).map(({ id, name }) => [id, name]));
      if (report !== undefined) {
        const facts = { place: store.location, experiments, version: await readVersion(), now: new Date(now()) };
        await writeFileAtomic(pathFrom(cwd, report), await renderRunComparison(comparison, facts), { force });
      }
      const files = [chart, report].filter((file) => file !== undefined);
      return {
        result: {
          store: store.location,
          ...jsonComparison(comparison, all, experiments),
          ...(chart !== undefined && { chart }),
          ...(report !== undefined && { report }),
        },
        text: [
          comparisonText(comparison, all, context),
          ...files.map((file) => `${style.bold("Written")}  ${visibleText(file)}`),
        ].join("\n"),
        ...(files.length > 0 && { quietText: files.join("\n") }),
      };
    });
  },
});
