/** `pawprint runs restore`: restores deleted runs. */
import { defineCommand } from "../../frame/command.ts";
import { storeOptions } from "../../tracking-options.ts";
import { changeRuns } from "./changed-runs.ts";
import { runsArgument } from "./run-options.ts";

export const command = defineCommand({
  description: `Nothing is restored where one of the runs is not found. For a list of deleted runs: pawprint runs list --deleted`,
  arguments: [runsArgument],
  options: [...storeOptions],
  examples: [{ line: "pawprint runs restore 3f8ef1c0", doc: "by the beginning of its id" }],
  leavesFiles: true,
  async run(context, { runs: references }, options) {
    return changeRuns(context, options, {
      references,
      lifecycle: "deleted",
      done: "restored",
      apply: (store, id) => store.restoreRun(id),
    });
  },
});
