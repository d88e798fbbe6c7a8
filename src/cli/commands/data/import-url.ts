/** `pawprint data import-url`: data from an address, with a `.dvc` file that remembers it. */
import { counted, formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { importUrl } from "../../../versioning/remotes/import-url.ts";
import { openRepository } from "../../../versioning/repo/open-repository.ts";
import { defineCommand } from "../../frame/command.ts";
import { shownPath } from "../../paths.ts";
import { jobsOption, tellWait } from "./transfer-options.ts";

export const command = defineCommand({
  description: `Writes what dvc import-url writes: data in the cache and in the work tree, and a .dvc file with the address and what tells its versions apart
(ETag or hash). Unlike data import it takes data as it is, and makes it a data version.`,
  arguments: [
    { name: "url", doc: "a path, or an address http://, https://, s3:// or remote://NAME/PATH" },
    { name: "out", doc: "where the data goes; the address's last name unless given", optional: true },
  ],
  options: [
    { name: "noDownload", type: "boolean", doc: "write the .dvc file alone" },
    { name: "force", short: "f", type: "boolean", doc: "replace what is there" },
    jobsOption,
  ],
  examples: [
    { line: "pawprint data import-url https://example.com/pets.csv data/pets.csv", doc: "a file" },
    { line: "pawprint data import-url s3://bucket/pets data/pets", doc: "all objects below a prefix" },
    { line: "pawprint data import-url remote://storage/incoming/pets --no-download", doc: "the address alone" },
  ],
  leavesFiles: true,
  again: "the download goes on where it ended",
  async run({ cwd, style, signal, progress, logger }, { url, out }, { noDownload, force, jobs }) {
    const repository = await openRepository(cwd);
    const imported = await importUrl(repository, url, {
      folder: cwd,
      ...(out !== undefined && { out }),
      noDownload,
      force,
      ...(jobs !== undefined && { jobs }),
      progress,
      signal,
      onWait: tellWait(logger),
    });
    const { content } = imported;
    const path = shownPath(cwd, imported.out);
    const file = shownPath(cwd, imported.dvcFile);
    const size =
      content === undefined
        ? "not downloaded"
        : `${counted(content.fileCount, "file")}, ${formatBytes(content.sizeBytes)}`;
    const { files: _, ...shownContent } = content ?? {};
    return {
      result: { ...imported, ...(content && { content: shownContent }) },
      text: `Imported  ${visibleText(path)}: ${size}, from ${visibleText(imported.url)}`,
      next: `${style.cyan(`git add ${shellPath(file)}`)}, then ${style.cyan("git commit")}`,
      quietText: file,
    };
  },
});
