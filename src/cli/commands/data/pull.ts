/** `pawprint data pull`: data versions from a remote into the cache and the work tree. */
import { visibleText } from "../../../base/visible-text.ts";
import type { PulledData } from "../../../versioning/remotes/pull-data.ts";
import { pullData } from "../../../versioning/remotes/pull-data.ts";
import { openRepository } from "../../../versioning/repo/open-repository.ts";
import { defineCommand } from "../../frame/command.ts";
import { transferText } from "../../text/transfer-text.ts";
import { targetsArgument } from "./data-options.ts";
import { transferFrom, transferOptions } from "./transfer-options.ts";

export const command = defineCommand({
  description: `Fetches what the cache lacks, checks every object by its hash, and brings the work tree to what its .dvc files and dvc.lock name. Files that no
version has are not overwritten without --force.`,
  arguments: [targetsArgument],
  options: [
    ...transferOptions,
    { name: "force", short: "f", type: "boolean", doc: "overwrite and remove files that no version has" },
  ],
  examples: [
    { line: "pawprint data pull", doc: "everything that the work tree names" },
    { line: "pawprint data pull data/raw --remote backup", doc: "one folder from another remote" },
  ],
  leavesFiles: true,
  again: "what was fetched stays, and the rest follows",
  async run(context, { targets }, { force, ...options }) {
    const repository = await openRepository(context.cwd);
    const report = await pullData(repository, targets, { ...transferFrom(context, options), force });
    return { result: report, text: pullText(report), next: context.style.cyan("pawprint data status") };
  },
});

function pullText(report: PulledData): string {
  const changed = report.checkedOut.filter(({ added, modified, deleted }) => added + modified + deleted > 0);
  const lines = changed.map(({ path, added, modified, deleted }) => {
    const counts = [`${added} added`, `${modified} modified`, `${deleted} removed`].filter(
      (text) => !text.startsWith("0 "),
    );
    return `Checked out  ${visibleText(path)}: ${counts.join(", ")}`;
  });
  return [transferText(report, "Fetched"), ...(lines.length === 0 ? ["Work tree complete"] : lines)].join("\n");
}
