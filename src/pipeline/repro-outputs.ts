/** A stage's outputs before its commands run: removed, or kept and made writable. */
import { randomBytes } from "node:crypto";
import { chmod, copyFile, lstat, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { AppError } from "../base/errors.ts";
import { systemCodeOf, writeFailure } from "../base/files/file-failure.ts";
import { shellPath } from "../base/shell-word.ts";
import { visibleText } from "../base/visible-text.ts";
import { filesInGit } from "../versioning/repo/git-index.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { join as fromRootPath } from "../versioning/stages/join-path.ts";
import type { Stage } from "../versioning/stages/stage.ts";
import { stagePath } from "./stage-status.ts";

/**
 * Outputs with `persist: true` stay; where they are links to the cache, they become files of their
 * own. Errors: FILE_WRITE_FAILED.
 */
export async function clearOutputs(repository: Repository, stage: Stage): Promise<void> {
  for (const { path, isPersistent, isCached } of stage.outs) {
    const output = stagePath(repository, stage, path);
    try {
      if (!isPersistent) await rm(output, { recursive: true, force: true });
      else if (isCached) await unprotect(output);
    } catch (error) {
      throw writeFailure(output, error);
    }
  }
}

/**
 * Before anything is removed. Errors: DATA_NAME_INVALID for a path that a link leads out of the
 * repository, or that the pipeline lies in; DATA_OVERLAP for one that Git has.
 */
export async function requireOwnOutputs(repository: Repository, stage: Stage): Promise<void> {
  const { root, dvcFolder } = repository;
  const where = `${visibleText(stage.file)}, stage ${visibleText(stage.name)}`;
  for (const { path } of stage.outs) {
    const output = stagePath(repository, stage, path);
    const real = join(await realFolder(dirname(output)), basename(output));
    const holdsPipeline = isBelow(join(root, stage.file), real) || isBelow(dvcFolder, real) || isBelow(real, dvcFolder);
    if (isBelow(real, root) && !holdsPipeline && !isBelow(real, join(root, ".git"))) continue;
    throw new AppError("DATA_NAME_INVALID", {
      required: "an output inside the repository, apart from the pipeline itself",
      received: `the path ${visibleText(path)}`,
      where,
    });
  }
  const cached = stage.outs.filter(({ isCached }) => isCached).map(({ path }) => fromRootPath(stage.workFolder, path));
  const [first] = await filesInGit(repository, cached);
  if (first === undefined) return;
  throw new AppError("DATA_OVERLAP", {
    required: "outputs that nothing tracks yet",
    received: `${visibleText(first)} in Git`,
    where,
    hint: `take ${shellPath(first)} out of Git's index first, and keep the file`,
  });
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}

/** Of the nearest folder that there is. */
async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT" || dirname(folder) === folder) throw error;
    return join(await realFolder(dirname(folder)), folder.slice(dirname(folder).length));
  }
}

/** Makes files of links to the cache, and lets their owner write; nothing where there is nothing. */
export async function unprotect(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await unprotect(join(path, name));
    return;
  }
  if (found.isSymbolicLink() || found.nlink > 1) {
    const copy = join(dirname(path), `.pawprint-${randomBytes(6).toString("hex")}.tmp`);
    await copyFile(path, copy);
    await rename(copy, path);
  }
  const { mode } = await stat(path);
  if ((mode & 0o200) === 0) await chmod(path, (mode & 0o777) | 0o200);
}
