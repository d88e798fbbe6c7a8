/** Makes the folder of a project, and compares one with what it would be made as today. */
import { chmod, lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { writeFailure } from "../base/files/file-failure.ts";
import { readBytesIfThere } from "../base/files/read-file.ts";
import { type ProjectValues, projectFiles } from "./project-files.ts";

export interface InitializedProject {
  readonly folder: string;
  /** Paths from the folder. */
  readonly written: readonly string[];
  /** Those that were there, and were left as they are. */
  readonly kept: readonly string[];
}

/**
 * Writes the files that `folder` does not have; nothing that is there is touched.
 * Errors: FILE_WRITE_FAILED, CONFIG_INVALID (the name).
 */
export async function initProject(folder: string, values: ProjectValues): Promise<InitializedProject> {
  const files = await projectFiles(values);
  const written: string[] = [];
  const kept: string[] = [];
  for (const { path, text, isExecutable } of files) {
    const target = join(folder, path);
    if (await isThere(target)) {
      kept.push(path);
      continue;
    }
    await ensureFolder(dirname(target));
    try {
      await writeFileAtomic(target, text);
      if (isExecutable) await makeExecutable(target);
      written.push(path);
    } catch (error) {
      // Another process made it in the meantime.
      if (!isAppError(error, "FILE_EXISTS")) throw error;
      kept.push(path);
    }
  }
  return { folder, written, kept };
}

export interface ProjectDifference {
  readonly path: string;
  readonly state: "missing" | "changed";
  /** From the file to what it would be made as; a unified diff. */
  readonly patch: string;
}

/**
 * How the files of a project differ from what this version would make; nothing is written.
 * Errors: FILE_READ_FAILED, CONFIG_INVALID (the name).
 */
export async function compareProject(folder: string, values: ProjectValues): Promise<readonly ProjectDifference[]> {
  const { createTwoFilesPatch } = await import("diff");
  const differences: ProjectDifference[] = [];
  for (const { path, text } of await projectFiles(values)) {
    const now = (await readBytesIfThere(join(folder, path)))?.toString("utf8");
    if (now === text) continue;
    const patch = createTwoFilesPatch(path, path, now ?? "", text, "of the project", "of this version");
    differences.push({ path, state: now === undefined ? "missing" : "changed", patch });
  }
  return differences;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function makeExecutable(path: string): Promise<void> {
  try {
    await chmod(path, 0o755);
  } catch (error) {
    throw writeFailure(path, error);
  }
}
