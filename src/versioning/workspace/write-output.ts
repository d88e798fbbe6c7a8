/** Writes what an output is now into its `.dvc` file. */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readBytesIfThere } from "../../base/files/read-file.ts";
import { runGit } from "../../base/run-git.ts";
import type { PathContent } from "../cache/hash-path.ts";
import { type DvcFile, type DvcOutput, importMd5, writeDvcFile } from "../formats/dvc-file.ts";
import type { Repository } from "../repo/repository.ts";

/** What is known of content; of a folder that was replaced in part, not the size. */
export type OutputContent = Omit<PathContent, "sizeBytes"> & { readonly sizeBytes?: number };

/** The row of an output that has this content. */
export function outputOf(content: OutputContent, old: DvcOutput): DvcOutput {
  const { hash, sizeBytes, fileCount, isExecutable, files } = content;
  const { isCached, isPersistent, isPushed, remote, annotations, path } = old;
  return {
    path,
    hash,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(files !== undefined && { fileCount }),
    ...(files === undefined && isExecutable && { isExecutable }),
    isCached,
    isPersistent,
    isPushed,
    ...(remote !== undefined && { remote }),
    ...(annotations !== undefined && { annotations }),
  };
}

/** A new entry, before it has content. */
export function newOutput(path: string): DvcOutput {
  return { path, isCached: true, isPersistent: false, isPushed: true };
}

/** Edits the `.dvc` file in place, or makes it; false where its text stays the same. */
export async function writeOutput(
  repository: Repository,
  file: string,
  before: DvcFile,
  changed: readonly DvcOutput[],
): Promise<boolean> {
  const outs = before.outs.map((output) => changed.find(({ path }) => path === output.path) ?? output);
  const added = changed.filter(({ path }) => !before.outs.some((output) => output.path === path));
  const plain: DvcFile = { ...before, outs: [...outs, ...added] };
  const content = before.md5 === undefined ? plain : { ...plain, md5: importMd5(plain) };
  const path = join(repository.root, file);
  const old = (await readBytesIfThere(path, path, 64 << 20))?.toString("utf8");
  const text = writeDvcFile(content, old);
  if (text === old) return false;
  await writeFileAtomic(path, text, { force: true });
  return true;
}

/** Adds files to Git's index where `core.autostage` says so. */
export async function stage({ root, config, hasGit }: Repository, files: readonly string[]): Promise<void> {
  if (hasGit && config.core.autostage && files.length > 0) await runGit(root, ["add", "--", ...files]);
}
