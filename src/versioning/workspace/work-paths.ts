/**
 * Paths of the work tree that hold data, as this clone has added or checked them out: what a version
 * that is left behind had and the next one has not can be removed then. It may be deleted any time.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import type { Repository } from "../repo/repository.ts";

function fileOf({ tempFolder }: Repository): string {
  return join(tempFolder, "pawprint", "work-paths.json");
}

/** From the repository's root. */
export function readWorkPaths(repository: Repository): ReadonlySet<string> {
  try {
    const rows: unknown = JSON.parse(readFileSync(fileOf(repository), "utf8"));
    return new Set(Array.isArray(rows) ? rows.filter((row) => typeof row === "string") : []);
  } catch {
    return new Set(); // not there, or torn: nothing is known
  }
}

export async function writeWorkPaths(repository: Repository, paths: Iterable<string>): Promise<void> {
  const text = `${JSON.stringify([...new Set(paths)].sort())}\n`;
  const file = fileOf(repository);
  mkdirSync(dirname(file), { recursive: true });
  await writeFileAtomic(file, text, { force: true });
}

export async function noteWorkPaths(repository: Repository, paths: readonly string[]): Promise<void> {
  const known = readWorkPaths(repository);
  if (paths.some((path) => !known.has(path))) await writeWorkPaths(repository, [...known, ...paths]);
}
