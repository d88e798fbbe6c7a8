/** `pawprint data init`: makes a DVC repository. */
import { initRepository } from "../../../versioning/repo/open-repository.ts";
import { defineCommand } from "../../frame/command.ts";
import { shownPath } from "../../paths.ts";

export const command = defineCommand({
  description: `Makes the folder .dvc and the file .dvcignore that dvc init makes, in the top folder of a Git repository, and adds them to Git's index.
DVC and Pawprint work in the same repository, side by side.`,
  arguments: [],
  options: [
    { name: "noScm", type: "boolean", doc: "outside Git: versions have no history" },
    { name: "subdir", type: "boolean", doc: "in a folder below the top of the Git repository" },
    { name: "force", short: "f", type: "boolean", doc: "begin anew where there is one; its cache is deleted" },
  ],
  examples: [{ line: "pawprint data init", doc: "in the top folder of a Git repository" }],
  leavesFiles: true,
  async run({ cwd }, _arguments, { noScm, subdir, force }) {
    const { root, dvcFolder } = await initRepository(cwd, { noScm, subdir, force });
    return {
      result: { root, dvcFolder },
      text: `made a DVC repository in ${shownPath(cwd, root)}`,
      next: "pawprint data add FOLDER",
    };
  },
});
