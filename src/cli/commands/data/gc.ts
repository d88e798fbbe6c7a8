/** `pawprint data gc`: removes content that no version names any more. */
import { AppError } from "../../../base/errors.ts";
import { counted, formatBytes } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { GcPlace, GcReport } from "../../../versioning/remotes/gc.ts";
import { collectGarbage } from "../../../versioning/remotes/gc.ts";
import { openRepository } from "../../../versioning/repo/open-repository.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { jobsOption, remoteOption, revisionOptions, tellWait } from "./transfer-options.ts";

export const command = defineCommand({
  description: `Keeps what the chosen versions name, and always what the work trees, indexes and stashes of the Git repository name. Without --force it only says what
it would remove. If a version cannot be read, nothing is removed.`,
  arguments: [],
  options: [
    { name: "workspace", short: "w", type: "boolean", doc: "keep what the work trees name, and nothing else" },
    ...revisionOptions,
    { name: "cloud", short: "c", type: "boolean", doc: "remove from the remote, too" },
    { name: "notInRemote", type: "boolean", doc: "remove what the remote has, too: it can be fetched again" },
    remoteOption,
    {
      name: "projects",
      short: "p",
      type: "string",
      placeholder: "FOLDER",
      repeatable: true,
      doc: "a repository that shares the cache",
    },
    { name: "allowMissing", type: "boolean", doc: "go on where the list of files of some folder is nowhere" },
    { name: "dry", type: "boolean", doc: "remove nothing, and list what would go" },
    { name: "force", short: "f", type: "boolean", doc: "remove it" },
    jobsOption,
  ],
  examples: [
    { line: "pawprint data gc --all-branches --all-tags", doc: "say what no branch and no tag names" },
    { line: "pawprint data gc --all-commits --force", doc: "remove what no commit names" },
    { line: "pawprint data gc --workspace --not-in-remote --force", doc: "make room: keep here what the remote lacks" },
  ],
  leavesFiles: true,
  again: "it removes the rest",
  async run(context, _args, given) {
    const { dry, force, jobs, remote, projects, workspace, cloud, notInRemote, allowMissing } = given;
    const { allBranches, allTags, allCommits } = given;
    const { cwd, progress, signal, logger, style } = context;
    if (dry && force) {
      throw new AppError("CLI_USAGE", { required: "one of --dry and --force", received: "both" });
    }
    const repository = await openRepository(cwd);
    const report = await collectGarbage(repository, {
      workspace,
      cloud,
      notInRemote,
      allowMissing,
      allBranches,
      allTags,
      allCommits,
      projects: projects.map((folder) => pathFrom(cwd, folder)),
      ...(remote !== undefined && { remote }),
      ...(jobs !== undefined && { jobs }),
      dryRun: !force,
      progress,
      signal,
      onWait: tellWait(logger),
    });
    const isEmpty = report.places.every(({ removed }) => removed.length === 0);
    return {
      result: report,
      text: gcText(report, (path) => shownPath(cwd, path), dry),
      ...(report.isDryRun && !isEmpty && { next: `the same with ${style.cyan("--force")} removes it` }),
    };
  },
});

function gcText({ places, versions, isDryRun }: GcReport, shown: (path: string) => string, isListed: boolean): string {
  const lines = places.flatMap((place) => {
    const { removed, removedBytes, kept } = place;
    const names = isListed
      ? removed.map(({ key, sizeBytes }) => `  ${visibleText(key)}  ${formatBytes(sizeBytes)}`)
      : [];
    const what =
      removed.length === 0 ? "nothing" : `${counted(removed.length, "object")}, ${formatBytes(removedBytes)},`;
    return [
      ...names,
      `${isDryRun ? "Would remove" : "Removed"}  ${what} from ${placeText(place, shown)}; ${kept} stay`,
    ];
  });
  return [...lines, `Kept what ${counted(versions.length, "version")} name`].join("\n");
}

function placeText({ kind, location }: GcPlace, shown: (path: string) => string): string {
  return kind === "cache" ? `the cache ${visibleText(shown(location))}` : `the remote ${visibleText(location)}`;
}
