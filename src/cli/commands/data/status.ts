/** `pawprint data status`: what differs from the data versions that are recorded. */
import { counted } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { type NamedStageStatus, pipelineStatus } from "../../../pipeline/pipeline-status.ts";
import { listedOnce, openWorkTree } from "../../../versioning/repo/metadata-tree.ts";
import { dataStatus, type FileChanges, type OutputStatus } from "../../../versioning/workspace/status.ts";
import { defineCommand } from "../../frame/command.ts";
import { stagesJson, stageText } from "../../text/stage-status-text.ts";
import { globOption, repositoryOf, targetsArgument } from "./data-options.ts";

const mostNames = 10;

export const command = defineCommand({
  description: `Compares the work tree with .dvc files and dvc.lock, and says which stages 'pawprint repro' would run, and why. Files that did not
change are not read again. The exit code is 0 unless --exit-code or --quiet is given.`,
  arguments: [targetsArgument],
  options: [
    { name: "granular", type: "boolean", doc: "every file that changed inside folders" },
    { name: "exitCode", type: "boolean", doc: "end with exit code 1 where something differs; with --quiet, too" },
    globOption,
  ],
  examples: [
    { line: "pawprint data status", doc: "all data of the repository" },
    { line: "pawprint data status data/raw --granular --exit-code", doc: "for a script" },
  ],
  async run(context, { targets = [] }, { granular, exitCode, glob }) {
    const { repository, options } = await repositoryOf(context);
    const tree = listedOnce(openWorkTree(repository));
    const status = await dataStatus(repository, targets, { ...options, glob }, tree);
    const { outputs, uncommitted } = status;
    const ids = outputs.flatMap(({ file, stage }) => (stage === undefined ? [] : [`${file}:${stage}`]));
    const all = targets.length > 0 && ids.length === 0 ? [] : await pipelineStatus(repository, [], options, tree);
    const stages = targets.length === 0 ? all : all.filter(({ id }) => ids.includes(id));
    const toRun = stages.filter(({ isChanged }) => isChanged);
    const isClean = status.isClean && toRun.length === 0;
    const changed = outputs.filter(({ state }) => state !== "clean");
    const lines = changed.map((output) => outputText(output, granular ? Number.POSITIVE_INFINITY : mostNames));
    const clean = outputs.length - changed.length;
    const text = [
      ...lines,
      changed.length === 0
        ? `${counted(outputs.length, "output")}, all as recorded`
        : `${counted(clean, "output")} as recorded`,
      ...stagesText(stages, toRun),
      ...(uncommitted.length > 0 ? [`not committed in Git: ${listText(uncommitted)}`] : []),
    ].join("\n");
    return {
      result: { ...status, isClean, stages: stagesJson(stages) },
      text,
      ...nextOf(changed, toRun),
      quietText: "",
      exitCode: (exitCode || context.quiet) && !isClean ? 1 : 0,
    };
  },
});

function stagesText(stages: readonly NamedStageStatus[], toRun: readonly NamedStageStatus[]): readonly string[] {
  if (stages.length === 0) return [];
  return toRun.length === 0 ? [`${counted(stages.length, "stage")}, all up to date`] : toRun.map(stageText);
}

/** What records the changes, or brings back what is recorded. */
function nextOf(changed: readonly OutputStatus[], toRun: readonly NamedStageStatus[]): { readonly next?: string } {
  if (changed.some(({ state, stage }) => state === "modified" && stage === undefined)) {
    return { next: "pawprint data commit, or pawprint data checkout to undo the changes" };
  }
  if (toRun.length > 0) return { next: "pawprint repro" };
  if (changed.some(({ state }) => state === "not-in-cache")) return { next: "pawprint data fetch" };
  return changed.some(({ state }) => state === "deleted") ? { next: "pawprint data pull" } : {};
}

function listText(paths: readonly string[]): string {
  const shown = paths.slice(0, mostNames).map(visibleText).join(", ");
  return paths.length > mostNames ? `${shown} and ${paths.length - mostNames} more` : shown;
}

const words = {
  clean: "as recorded",
  modified: "modified",
  deleted: "not in the work tree",
  new: "never recorded",
  "not-in-cache": "as recorded",
} as const;

function outputText({ path, state, stage, changes, missingObjects }: OutputStatus, most: number): string {
  const missing = missingObjects === undefined ? "" : `, ${counted(missingObjects, "object")} not in the cache`;
  const counts = changes === undefined ? "" : `: ${countsText(changes)}`;
  const from = stage === undefined ? "" : ` (stage ${visibleText(stage)})`;
  const head = `${visibleText(path)}: ${words[state]}${counts}${missing}${from}`;
  if (changes === undefined) return head;
  const rows = (["added", "modified", "deleted"] as const).flatMap((kind) => {
    const names = changes[kind];
    const shown = names.slice(0, most).map((name) => `  ${kind.padEnd(8)}  ${visibleText(name)}`);
    const more = names.length - shown.length;
    return more > 0 ? [...shown, `  ${kind.padEnd(8)}  and ${more} more`] : shown;
  });
  return [head, ...rows].join("\n");
}

function countsText(changes: FileChanges): string {
  const kinds = (["added", "modified", "deleted"] as const).filter((kind) => changes[kind].length > 0);
  return kinds.map((kind) => `${changes[kind].length} ${kind}`).join(", ");
}
