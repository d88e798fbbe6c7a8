/** `pawprint runs delete`: deletes runs as MLflow does, so that they can be restored. */
import { defineCommand } from "../../frame/command.ts";
import { storeOptions } from "../../tracking-options.ts";
import { changeRuns } from "./changed-runs.ts";
import { runsArgument } from "./run-options.ts";

export const command = defineCommand({
  description: `A deleted run is in no list, and keeps all that it recorded until somebody empties the store's trash with MLflow's command mlflow gc.
Nothing is deleted where one of the runs is not found.`,
  arguments: [runsArgument],
  options: [...storeOptions],
  examples: [{ line: "pawprint runs delete 3f8ef1c0 9510a07e", doc: "two runs by the beginnings of their ids" }],
  leavesFiles: true,
  async run(context, { runs: references }, options) {
    return changeRuns(context, options, {
      references,
      lifecycle: "active",
      done: "deleted",
      apply: (store, id) => store.deleteRun(id),
    });
  },
});
