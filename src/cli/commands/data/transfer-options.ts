/** What `data push`, `fetch` and `pull` have in common. */
import type { Logger } from "../../../base/logger.ts";
import type { DataTransferOptions } from "../../../versioning/remotes/transfer-data.ts";
import type { CommandContext, OptionValues } from "../../frame/command.ts";

export const remoteOption = {
  name: "remote",
  short: "r",
  type: "string",
  placeholder: "NAME",
  doc: "a configured remote; the default one unless given",
} as const;

export const jobsOption = {
  name: "jobs",
  short: "j",
  type: "integer",
  min: 1,
  max: 1000,
  placeholder: "N",
  doc: "objects at the same time; the remote's setting, else 16, unless given",
} as const;

export const revisionOptions = [
  { name: "allBranches", short: "a", type: "boolean", doc: "what all branches name, too" },
  { name: "allTags", short: "T", type: "boolean", doc: "what all tags name, too" },
  { name: "allCommits", short: "A", type: "boolean", doc: "what all commits name, too" },
] as const;

export const transferOptions = [
  remoteOption,
  jobsOption,
  ...revisionOptions,
  { name: "runCache", type: "boolean", doc: "records of past runs of stages, too" },
] as const;

export function transferFrom(
  { cwd, progress, signal, logger }: CommandContext,
  { jobs, remote, allBranches, allTags, allCommits, runCache }: OptionValues<typeof transferOptions>,
): DataTransferOptions {
  return {
    folder: cwd,
    allBranches,
    allTags,
    allCommits,
    runCache,
    ...(remote !== undefined && { remote }),
    ...(jobs !== undefined && { jobs }),
    progress,
    signal,
    onWait: tellWait(logger),
  };
}

export function tellWait(logger: Logger): (who: string) => void {
  return (who) => logger.info(`waiting for ${who}`);
}
