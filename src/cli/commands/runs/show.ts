/** `pawprint runs show`: all that a run recorded. */
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { findRun, readRun, renderRunCurves } from "../../../wire/runs.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { jsonRunDetails, runDetailsText } from "../../text/run-details.ts";
import { storeOptions } from "../../tracking-options.ts";
import { runArgument, withRunStore } from "./run-options.ts";

export const command = defineCommand({
  description: `Settings with their reasons, metrics with their last and best values and their curves, data, code, models, tags and artifacts. Deleted runs
are shown, too.`,
  arguments: [runArgument],
  options: [
    { name: "chart", type: "string", placeholder: "FILE.svg", doc: "write the learning curves as an SVG file" },
    { name: "force", type: "boolean", doc: "replace a file that is there" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs show last", doc: "the run that started last" },
    { line: "pawprint runs show 3f8ef1 --chart curves.svg", doc: "with a chart" },
  ],
  async run(context, { run: reference }, { chart, force, ...options }) {
    const { cwd, signal, style } = context;
    return withRunStore(context, options, async (store) => {
      const details = await readRun(store, await findRun(store, reference, { lifecycle: "all" }), { signal });
      if (chart !== undefined) await writeFileAtomic(pathFrom(cwd, chart), await renderRunCurves(details), { force });
      const text = runDetailsText(details, context);
      return {
        result: { store: store.location, ...jsonRunDetails(details), ...(chart !== undefined && { chart }) },
        text: chart === undefined ? text : `${text}\n\n${style.bold("Chart")}\n${visibleText(shellPath(chart))}`,
        quietText: details.run.id,
      };
    });
  },
});
