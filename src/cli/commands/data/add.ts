/** `pawprint data add`: puts files and folders under version. */
import { counted, formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { addData } from "../../../versioning/workspace/add.ts";
import { defineCommand } from "../../frame/command.ts";
import { repositoryOf } from "./data-options.ts";

export const command = defineCommand({
  description: `Copies content into the cache, writes a .dvc file beside each path, and keeps the data out of Git with .gitignore: the same files as dvc add
writes. Adding again records a new version; a path inside a tracked folder brings the folder up to date there.`,
  arguments: [{ name: "paths", doc: "files and folders", variadic: true }],
  options: [],
  examples: [
    { line: "pawprint data add data/raw", doc: "a folder of pictures" },
    { line: "pawprint data add data/raw/cat/new.jpg", doc: "one more picture in it" },
  ],
  leavesFiles: true,
  async run(context, { paths }) {
    const { repository, options } = await repositoryOf(context);
    const addition = await addData(repository, paths, options);
    const lines = addition.added.map(({ path, fileCount, sizeBytes, newObjects, isChanged, md5 }) => {
      const size = [counted(fileCount, "file"), ...(sizeBytes === undefined ? [] : [formatBytes(sizeBytes)])].join(
        ", ",
      );
      const state = isChanged ? `${counted(newObjects, "new object")}` : "as it was";
      return `${path}: ${size}, ${state} (${md5.slice(0, 12)})`;
    });
    const { changedFiles } = addition;
    return {
      result: addition,
      text: lines.join("\n"),
      ...(changedFiles.length > 0 &&
        repository.hasGit && {
          next: `git -C ${shellPath(repository.root)} add -- ${changedFiles.map((file) => shellPath(file)).join(" ")}`,
        }),
    };
  },
});
