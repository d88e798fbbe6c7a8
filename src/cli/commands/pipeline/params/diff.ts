/** `pawprint params diff`: how parameters changed. */
import { diffParams } from "../../../../wire/pipeline-views.ts";
import { defineCommand } from "../../../frame/command.ts";
import { changesJson, changesMarkdown, changesText } from "../../../text/value-table-text.ts";
import { repositoryOf } from "../../data/data-options.ts";

export const command = defineCommand({
  description: "From one Git revision to another, or to the work tree. --json is that of dvc params diff.",
  arguments: [
    { name: "before", doc: "a commit, tag or branch; HEAD unless given", optional: true },
    { name: "after", doc: "another one; the work tree unless given", optional: true },
  ],
  options: [
    { name: "all", type: "boolean", doc: "those that stayed the same too" },
    { name: "md", type: "boolean", doc: "as a table of Markdown" },
  ],
  examples: [{ line: "pawprint params diff main", doc: "from a branch to the work tree" }],
  async run(context, { before = "HEAD", after }, { all, md }) {
    const { repository } = await repositoryOf(context);
    const changes = (await diffParams(repository, before, after)).filter(({ isSame }) => all || !isSame);
    const write = md ? changesMarkdown : changesText;
    return { result: changesJson(changes), text: write(changes, before, after ?? "work tree") };
  },
});
