/** `pawprint data commit`: records data that changed. */
import { counted } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { commitStages } from "../../../pipeline/commit-stages.ts";
import { commitData } from "../../../versioning/workspace/commit.ts";
import { defineCommand } from "../../frame/command.ts";
import { globOption, repositoryOf, targetsArgument } from "./data-options.ts";

export const command = defineCommand({
  description: `Records tracked data as it is now: content goes into the cache, and .dvc files are brought up to date; so is dvc.lock, for stages whose
commands need not run again.`,
  arguments: [targetsArgument],
  options: [globOption],
  examples: [{ line: "pawprint data commit", doc: "everything that changed" }],
  leavesFiles: true,
  async run(context, { targets = [] }, { glob }) {
    const { repository, options } = await repositoryOf(context);
    const committed = await commitData(repository, targets, { ...options, glob });
    const stages = await commitStages(repository, targets, { ...options, glob });
    const changed = committed.filter(({ isChanged }) => isChanged);
    const lines = [
      ...changed.map(({ path, md5 }) => `${visibleText(path)}: recorded (${md5.slice(0, 12)})`),
      ...stages.filter(({ isChanged }) => isChanged).map(({ id }) => `stage ${visibleText(id)}: recorded`),
    ];
    return {
      result: { committed, stages },
      text:
        lines.join("\n") ||
        `${counted(committed.length, "output")} and ${counted(stages.length, "stage")}, all as recorded`,
      ...(lines.length > 0 && { next: "git add --all" }),
    };
  },
});
