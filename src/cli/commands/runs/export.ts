/** `pawprint runs export`: runs as a folder of MLflow's layout, or as tables. */
import { AppError } from "../../../base/errors.ts";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { counted, formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { Run } from "../../../tracking/run.ts";
import type { RunStore } from "../../../tracking/run-store.ts";
import { metricsCsv, runsCsv } from "../../../wire/run-tables.ts";
import { exportRuns, listRuns } from "../../../wire/runs.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { storeOptions } from "../../tracking-options.ts";
import { findRuns, runsArgument, withRunStore } from "./run-options.ts";

export const command = defineCommand({
  description: `The folder holds the runs whole, with files and models: MLflow reads it (with MLFLOW_ALLOW_FILE_STORE=true), and so does --tracking-uri.
The tables are for spreadsheets: a row for each run with settings and last metrics, in the columns of MLflow's own tables, or a row for each logged value.`,
  arguments: [{ ...runsArgument, optional: true }],
  options: [
    { name: "experiment", type: "string", placeholder: "NAME", doc: "all active runs of this experiment" },
    { name: "out", type: "string", placeholder: "FOLDER", doc: "the folder; one that holds runs gets what it lacks" },
    { name: "csv", type: "string", placeholder: "FILE", doc: "write a row for each run" },
    { name: "metricsCsv", type: "string", placeholder: "FILE", doc: "write a row for each value of each metric" },
    { name: "force", type: "boolean", doc: "replace tables that are there" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs export last --out last-run", doc: "one run, whole" },
    { line: "pawprint runs export --experiment pets --csv pets.csv", doc: "an experiment as a table" },
  ],
  leavesFiles: true,
  again: "what was copied stays, and the rest is added",
  async run(context, { runs: references }, { experiment, out, csv, metricsCsv: points, force, ...options }) {
    const { cwd, progress, signal, logger } = context;
    const files = [out, csv, points].filter((file) => file !== undefined);
    if (files.length === 0 || (references.length === 0) === (experiment === undefined)) {
      throw new AppError("CLI_USAGE", {
        required: "runs or --experiment, and --out, --csv or --metrics-csv",
        received: files.length === 0 ? "no place to write to" : `${counted(references.length, "run")}`,
        hint: "for example: pawprint runs export last --out last-run",
      });
    }
    return withRunStore(context, options, async (store) => {
      const runs = experiment === undefined ? await findRuns(store, references) : await runsOf(store, experiment);
      const copies =
        out === undefined
          ? []
          : await exportRuns(
              store,
              runs.map(({ id }) => id),
              { folder: pathFrom(cwd, out), progress, signal },
            );
      for (const { name, problems } of copies) {
        for (const { what, error } of problems) logger.warn(`${what} of ${name} could not be copied: ${error.message}`);
      }
      if (csv !== undefined) await writeFileAtomic(pathFrom(cwd, csv), runsCsv(runs), { force });
      if (points !== undefined) await writeFileAtomic(pathFrom(cwd, points), metricsCsv(store, runs), { force });
      const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
      return {
        result: {
          store: store.location,
          runs: copies.length > 0 ? copies : runs.map(({ id: runId, name }) => ({ runId, name })),
          ...(out !== undefined && { out }),
          ...(csv !== undefined && { csv }),
          ...(points !== undefined && { metricsCsv: points }),
        },
        text: `${counted(runs.length, "run")}${bytes > 0 ? `, ${formatBytes(bytes)} of files` : ""}: ${visibleText(files.join(", "))}`,
        quietText: files.join("\n"),
        ...(out !== undefined && { next: `pawprint runs list --tracking-uri ${shellPath(out)}` }),
        exitCode: copies.some(({ problems }) => problems.length > 0) ? 1 : 0,
      };
    });
  },
});

/** Parents come before their children. */
async function runsOf(store: RunStore, experiment: string): Promise<readonly Run[]> {
  const { runs } = await listRuns(store, { experiment, limit: 1_000_000 });
  const whole: Run[] = [];
  for (const { id } of runs) whole.push(await store.getRun(id));
  return whole;
}
