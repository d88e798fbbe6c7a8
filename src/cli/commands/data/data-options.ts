/** What the commands about data versions share. */
import { openRepository } from "../../../versioning/repo/open-repository.ts";
import type { Repository } from "../../../versioning/repo/repository.ts";
import type { DataOptions } from "../../../versioning/workspace/data-options.ts";
import type { CommandContext } from "../../frame/command.ts";

export const targetsArgument = {
  name: "targets",
  doc: "data, parts of it, .dvc files, folders or stages; all that is tracked unless given",
  variadic: true,
  optional: true,
} as const;

export const globOption = {
  name: "glob",
  type: "boolean",
  doc: "*, **, ? and [...] in TARGETS are patterns for paths of data",
} as const;

/** The repository of the current folder, and the options that every call takes. */
export async function repositoryOf(
  context: CommandContext,
): Promise<{ readonly repository: Repository; readonly options: DataOptions }> {
  const { cwd, progress, signal } = context;
  return { repository: await openRepository(cwd), options: { folder: cwd, progress, signal } };
}
