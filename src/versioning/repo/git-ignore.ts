/** Rows of `.gitignore` that keep data out of Git, as DVC writes and removes them. */
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readBytesIfThere } from "../../base/files/read-file.ts";
import { runGit } from "../../base/run-git.ts";
import type { Repository } from "./repository.ts";

/** As DVC escapes a name for a pattern. A blank at the end is left as it is there too. */
function rowOf(path: string): string {
  return `/${basename(path)}`.replace(/[[\]!*#?\\]/g, "\\$&");
}

/**
 * Adds `/name` to the `.gitignore` beside each path (absolute), where Git does not ignore it yet;
 * nothing without Git. Gives the files that were changed.
 */
export async function ignoreInGit({ root, hasGit }: Repository, paths: readonly string[]): Promise<readonly string[]> {
  if (!hasGit || paths.length === 0) return [];
  const ignored = await ignoredOf(root, paths);
  const changed = new Map<string, string>();
  for (const path of paths) {
    if (ignored.has(path)) continue;
    const file = join(dirname(path), ".gitignore");
    const text = changed.get(file) ?? (await readRules(file)) ?? "";
    const row = rowOf(path);
    if (text.split("\n").includes(row)) continue;
    changed.set(file, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${row}\n`);
  }
  for (const [file, text] of changed) await writeFileAtomic(file, text, { force: true });
  return [...changed.keys()];
}

/** Those that Git ignores: as `git check-ignore`, with the index left out of it. */
async function ignoredOf(root: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const { output } = await runGit(root, ["check-ignore", "--no-index", "--stdin", "-z"], {
    input: paths.map((path) => `${path}\0`).join(""),
    allowed: [0, 1],
  });
  return new Set(output.toString("utf8").split("\0"));
}

/** Removes the rows again, and a file that has none left. Gives the files that were changed. */
export async function unignoreInGit({ hasGit }: Repository, paths: readonly string[]): Promise<readonly string[]> {
  if (!hasGit) return [];
  const changed: string[] = [];
  for (const path of paths) {
    const file = join(dirname(path), ".gitignore");
    const text = await readRules(file);
    if (text === undefined) continue;
    // DVC looks for the name as it is, so that a row it escaped stays; ours goes too.
    const own = new Set([`/${basename(path)}`.trim(), rowOf(path).trim()]);
    const lines = text.split(/(?<=\n)/);
    const left = lines.filter((line) => !own.has(line.trim()));
    if (left.length === lines.length) continue;
    if (left.length === 0) await rm(file, { force: true });
    else await writeFileAtomic(file, left.join(""), { force: true });
    changed.push(file);
  }
  return changed;
}

async function readRules(file: string): Promise<string | undefined> {
  return (await readBytesIfThere(file, file, 64 << 20))?.toString("utf8");
}
