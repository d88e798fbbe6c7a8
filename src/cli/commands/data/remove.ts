/** `pawprint data remove`: stops tracking data. */
import { removeData } from "../../../versioning/workspace/remove.ts";
import { defineCommand } from "../../frame/command.ts";
import { repositoryOf } from "./data-options.ts";

export const command = defineCommand({
  description: `Deletes .dvc files, or stages from dvc.yaml and dvc.lock, and their rows of .gitignore. The data stays in the work tree, unless --outs is
given, and in the cache until 'pawprint data gc'.`,
  arguments: [{ name: "targets", doc: "data, .dvc files or stages", variadic: true }],
  options: [
    { name: "outs", type: "boolean", doc: "delete the data from the work tree too" },
    { name: "force", short: "f", type: "boolean", doc: "with --outs: delete also files that no version has" },
  ],
  examples: [{ line: "pawprint data remove data/raw", doc: "the folder stays, and is no longer tracked" }],
  leavesFiles: true,
  async run(context, { targets }, { outs, force }) {
    const { repository, options } = await repositoryOf(context);
    const removal = await removeData(repository, targets, { ...options, outs, force });
    return {
      result: removal,
      text: removal.removed.map((name) => `removed ${name}`).join("\n"),
      next: "git add --all",
    };
  },
});
