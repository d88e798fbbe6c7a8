/** Versions of a repository: those that are chosen, and those that are in use. */
import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { gitText, runGit } from "../../base/run-git.ts";
import {
  chosenCommits,
  type MetadataTree,
  openIndex,
  openRevision,
  openWorkTree,
  type RevisionChoice,
} from "../repo/metadata-tree.ts";
import { findRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";

/** The work tree first, then the choice. Errors: GIT_FAILED, GIT_MISSING. */
export async function* selectedVersions(repository: Repository, choice: RevisionChoice): AsyncGenerator<MetadataTree> {
  yield openWorkTree(repository);
  for (const commit of await chosenCommits(repository, choice)) yield await openRevision(repository, commit);
}

/**
 * The choice, with what somebody is working on: the work trees and indexes of all worktrees of the
 * Git repository, and the stashes.
 */
export async function* versionsInUse(repository: Repository, choice: RevisionChoice): AsyncGenerator<MetadataTree> {
  yield openWorkTree(repository);
  if (!repository.hasGit) return;
  yield await openIndex(repository);
  for (const other of await otherWorktrees(repository)) {
    const at = (tree: MetadataTree): MetadataTree => ({ ...tree, label: `${tree.label} of ${other.root}` });
    yield at(openWorkTree(other));
    yield at(await openIndex(other));
  }
  const commits = new Set([...(await stashedCommits(repository)), ...(await chosenCommits(repository, choice))]);
  for (const commit of commits) yield await openRevision(repository, commit);
}

/** This repository as the other worktrees of Git have it. */
async function otherWorktrees({ root }: Repository): Promise<readonly Repository[]> {
  const below = relative(await realpath(await gitText(root, ["rev-parse", "--show-toplevel"])), root);
  const { output } = await runGit(root, ["worktree", "list", "--porcelain", "-z"]);
  const found: Repository[] = [];
  for (const record of output.toString("utf8").split("\0\0")) {
    const folder = record
      .split("\0")
      .find((field) => field.startsWith("worktree "))
      ?.slice("worktree ".length);
    // A bare repository has no files, and a worktree may be gone or on a disk that is not there.
    const real = folder === undefined ? undefined : await realpath(join(folder, below)).catch(() => undefined);
    const other = real === undefined || real === root ? undefined : await findRepository(real);
    if (other !== undefined && other.root === real) found.push(other);
  }
  return found;
}

/** A stash is a commit; behind its base stand commits of the index and of files that were not tracked. */
async function stashedCommits({ root }: Repository): Promise<readonly string[]> {
  if ((await gitText(root, ["for-each-ref", "refs/stash"])) === "") return [];
  const text = await gitText(root, ["log", "--walk-reflogs", "--format=%H %P", "refs/stash", "--"]);
  return text.split("\n").flatMap((line) => line.split(" ").filter((commit, at) => commit !== "" && at !== 1));
}
