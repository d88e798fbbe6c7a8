/** `pawprint data diff`: what changed between two versions of the data. */

import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { counted } from "../../../base/quantity.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import { verdict } from "../../../report/dataset/version-report.ts";
import { diffData, renderVersionDiff, type VersionDiff } from "../../../wire/data-diff.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";
import { repositoryOf } from "./data-options.ts";

const mostNames = 20;

export const command = defineCommand({
  description: `Compares two Git revisions, or one with the work tree; HEAD with the work tree where none is given. A picture that lies in another class
folder with the same bytes is relabelled. --json has the lists of dvc diff, with labels and class counts beside them.`,
  arguments: [
    { name: "before", doc: "a commit, tag or branch; HEAD unless given", optional: true },
    { name: "after", doc: "another one; the work tree unless given", optional: true },
  ],
  options: [
    { name: "targets", type: "string", placeholder: "PATH", repeatable: true, doc: "look at this data alone" },
    { name: "report", type: "string", placeholder: "FILE.html", doc: "write a contact sheet of the pictures" },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing report" },
    { name: "all", type: "boolean", doc: "every name, however many" },
  ],
  examples: [
    { line: "pawprint data diff v1.0 v1.1", doc: "between two tags" },
    { line: "pawprint data diff v1.0 --report changes.html", doc: "from a tag to the work tree, as pictures" },
  ],
  leavesFiles: true,
  async run(context, { before, after }, { targets, report, force, all }) {
    const { cwd, progress, signal, now } = context;
    const path = report === undefined ? undefined : pathFrom(cwd, report);
    if (path !== undefined) await requireFreePath(path, force);
    const { repository, options } = await repositoryOf(context);
    const diff = await diffData(repository, before, after, { ...options, targets });
    if (path !== undefined) {
      const page = await renderVersionDiff(repository, diff, { now: new Date(now()), progress, signal });
      await writeFileAtomic(path, page, { force });
    }
    return {
      result: { ...jsonOf(diff), ...(path !== undefined && { report: path }) },
      text: [
        diffText(diff, all ? Number.POSITIVE_INFINITY : mostNames),
        ...(path === undefined ? [] : [`\nwrote ${visibleText(shownPath(cwd, path))}`]),
      ].join("\n"),
      ...(path !== undefined && { quietText: path }),
    };
  },
});

/** The four lists in the shape of `dvc diff --json`, with ours beside them. */
function jsonOf({ outputs: _, isChosen: __, added, deleted, modified, renamed, ...ours }: VersionDiff) {
  const paths = (list: readonly string[]) => list.map((path) => ({ path }));
  return {
    added: paths(added),
    deleted: paths(deleted),
    modified: paths(modified),
    renamed: renamed.map((path) => ({ path })),
    ...ours,
  };
}

function diffText(diff: VersionDiff, most: number): string {
  const { added, deleted, modified, renamed, relabelled, classes, notInCache } = diff;
  const moved = new Set(relabelled.map((picture) => picture.new));
  const part = (title: string, lines: readonly string[]): string[] => {
    if (lines.length === 0) return [];
    const more = lines.length - Math.min(most, lines.length);
    return ["", title, ...lines.slice(0, most).map((line) => `  ${line}`), ...(more > 0 ? [`  and ${more} more`] : [])];
  };
  const changed = classes.filter((row) => row.before !== row.after);
  return [
    `${diff.before} to ${diff.after}: ${verdict(diff, diff)}`,
    ...part("added", added),
    ...part("removed", deleted),
    ...part("modified", modified),
    ...part(
      "relabelled",
      relabelled.map((picture) => `${picture.old} -> ${picture.new}  (${picture.from} to ${picture.to})`),
    ),
    ...part(
      "renamed",
      renamed.filter((file) => !moved.has(file.new)).map((file) => `${file.old} -> ${file.new}`),
    ),
    ...part(
      "classes",
      changed.map(
        ({ output, label, before, after }) => `${output}: ${label}, ${counted(before, "picture")} to ${after}`,
      ),
    ),
    ...part("not in the cache, so compared as a whole", notInCache),
  ].join("\n");
}
