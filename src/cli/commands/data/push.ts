/** `pawprint data push`: data versions from the cache to a remote. */

import { pushData } from "../../../versioning/remotes/transfer-data.ts";
import { openRepository } from "../../../versioning/repo/open-repository.ts";
import { defineCommand } from "../../frame/command.ts";
import { transferText } from "../../text/transfer-text.ts";
import { targetsArgument } from "./data-options.ts";
import { transferFrom, transferOptions } from "./transfer-options.ts";

export const command = defineCommand({
  description: `Sends what the remote lacks, as dvc push does: several objects at once, each checked by its hash, the files of a folder before the folder itself.
An object in the remote is complete or absent.`,
  arguments: [targetsArgument],
  options: transferOptions,
  examples: [
    { line: "pawprint data push", doc: "everything that the work tree names, to the default remote" },
    { line: "pawprint data push data/raw --remote backup", doc: "one folder to another remote" },
    { line: "pawprint data push --all-tags --jobs 32", doc: "data of all tags, 32 objects at a time" },
  ],
  leavesFiles: true,
  again: "what was sent stays, and the rest follows",
  async run(context, { targets }, options) {
    const repository = await openRepository(context.cwd);
    const report = await pushData(repository, targets, transferFrom(context, options));
    const { style } = context;
    return {
      result: report,
      text: transferText(report, "Pushed"),
      next: `${style.cyan("git push")}, and elsewhere ${style.cyan("git pull")} and ${style.cyan("pawprint data pull")}`,
    };
  },
});
