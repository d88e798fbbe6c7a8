/** Writes the drawings of plots into a folder. */

import { join } from "node:path";
import { ensureFolder, writeFileAtomic } from "../../../../base/files/atomic-file.ts";
import { counted } from "../../../../base/quantity.ts";
import { visibleText } from "../../../../base/visible-text.ts";
import { requireFreePath } from "../../../../bundle/export-bundle.ts";
import type { DrawnPlots } from "../../../../wire/pipeline-views.ts";
import type { CommandContext, CommandReport } from "../../../frame/command.ts";
import { shownPath } from "../../../paths.ts";

export const plotsOptions = [
  { name: "out", type: "string", placeholder: "FOLDER", default: "plots", doc: "where the drawings go" },
  { name: "force", short: "f", type: "boolean", doc: "overwrite an existing page and drawings" },
] as const;

export async function writePlots(
  { cwd, stderr }: CommandContext,
  { plots, failures, charts, page }: DrawnPlots,
  folder: string,
  force: boolean,
): Promise<CommandReport> {
  const index = join(folder, "index.html");
  await requireFreePath(index, force);
  await ensureFolder(folder);
  const names = new Set<string>();
  const files: string[] = [];
  for (const [name, svg] of charts) {
    const base = name.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 100);
    let file = `${base}.svg`;
    for (let at = 2; names.has(file); at++) file = `${base}-${at}.svg`;
    names.add(file);
    await writeFileAtomic(join(folder, file), svg, { force: true });
    files.push(join(folder, file));
  }
  await writeFileAtomic(index, page, { force: true });
  for (const { name, revision, error } of failures) {
    stderr(`warning: not drawn: ${name} of ${revision}: ${error.message}\n`);
  }
  const shown = plots.map(({ rows, image, ...facts }) => ({
    ...facts,
    rows: rows.length,
    isImage: image !== undefined,
  }));
  return {
    result: {
      page: index,
      files,
      plots: shown,
      failures: failures.map(({ error, ...facts }) => ({ ...facts, error: error.toJSON() })),
    },
    text: `${counted(new Set(plots.map(({ name }) => name)).size, "plot")}: ${visibleText(shownPath(cwd, index))}`,
    quietText: index,
  };
}
