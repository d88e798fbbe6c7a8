/** Finds and makes DVC repositories. */
import { realpath, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { gitText, runGit } from "../../base/run-git.ts";
import { readDvcConfig } from "../formats/dvc-config.ts";
import type { Repository } from "./repository.ts";

/**
 * The repository that `folder` is in: the nearest folder at or above it with `.dvc` in it, also in
 * a Git worktree. Errors: DATA_REPOSITORY_MISSING, DATA_CONFIG_INVALID.
 */
export async function openRepository(folder: string): Promise<Repository> {
  const repository = await findRepository(folder);
  if (repository !== undefined) return repository;
  throw new AppError("DATA_REPOSITORY_MISSING", {
    required: "a DVC repository, a folder with .dvc in it",
    received: "none at or above it",
    where: resolve(folder),
    hint: "make one in the Git repository's top folder with `pawprint data init`",
  });
}

/** As `openRepository`; undefined where there is none. */
export async function findRepository(folder: string): Promise<Repository | undefined> {
  let at = await nearestFolder(folder);
  while (!(await isFolder(join(at, ".dvc")))) {
    if (dirname(at) === at) return undefined;
    at = dirname(at);
  }
  return openAt(at);
}

/** The folder itself, else the nearest above it that exists, without symbolic links. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real;
    if (dirname(at) === at) return at;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function openAt(root: string): Promise<Repository> {
  const dvcFolder = join(root, ".dvc");
  const tempFolder = join(dvcFolder, "tmp");
  const config = await readDvcConfig(dvcFolder);
  await ensureFolder(tempFolder);
  return {
    root,
    dvcFolder,
    tempFolder,
    cacheFolder: config.cache.folder ?? join(dvcFolder, "cache"),
    config,
    hasGit: !config.core.isWithoutGit,
  };
}

export interface InitOptions {
  /** Outside Git: versions have no history. */
  readonly noScm?: boolean;
  /** In a folder below the top of the Git repository. */
  readonly subdir?: boolean;
  /** Replace an existing `.dvc`; its cache goes too. */
  readonly force?: boolean;
}

/** DVC's own text, so that a repository is the same whichever tool made it. */
const ignoreText = [
  "# Add patterns of files dvc should ignore, which could improve",
  "# the performance. Learn more at",
  "# https://dvc.org/doc/user-guide/dvcignore",
  "",
].join("\n");

/**
 * Makes the files that `dvc init` makes, and adds them to Git's index.
 * Errors: GIT_MISSING, FILE_EXISTS, FILE_WRITE_FAILED.
 */
export async function initRepository(folder: string, options: InitOptions = {}): Promise<Repository> {
  const { noScm = false, subdir = false, force = false } = options;
  const root = await realpath(folder).catch((error: unknown) => {
    throw readFailure(folder, error);
  });
  const dvcFolder = join(root, ".dvc");
  if (noScm && subdir) {
    throw new AppError("ARGUMENT_INVALID", {
      required: "one of `noScm` and `subdir`",
      received: "both",
      where: root,
    });
  }
  if (!noScm) await requireGit(root, subdir);
  if (await isFolder(dvcFolder)) {
    if (!force) {
      throw new AppError("FILE_EXISTS", {
        required: "a folder without a DVC repository",
        received: "one with .dvc",
        where: root,
        hint: "use it as it is, or begin anew with `force`, which deletes its cache",
      });
    }
    await rm(dvcFolder, { recursive: true, force: true });
  }
  await ensureFolder(dvcFolder);
  const files: (readonly [string, string])[] = [
    [".dvc/config", noScm ? "[core]\n    no_scm = True\n" : ""],
    [".dvcignore", ignoreText],
    ...(noScm ? [] : [[".dvc/.gitignore", "/config.local\n/tmp\n/cache\n"] as const]),
  ];
  for (const [name, text] of files) {
    const path = join(root, name);
    if (name === ".dvcignore" && (await stat(path).catch(() => undefined))) continue;
    await writeFileAtomic(path, text, { force: true });
  }
  if (!noScm) await runGit(root, ["add", "--", ...files.map(([name]) => name)]);
  return openAt(root);
}

async function requireGit(root: string, subdir: boolean): Promise<void> {
  const top = await gitText(root, ["rev-parse", "--show-toplevel"]).catch((error: unknown) => {
    if (isAppError(error, "GIT_MISSING") && error.received === "a folder outside") return undefined;
    throw error;
  });
  const isInside = top !== undefined;
  if (isInside && (subdir || top === root)) return requireKept(root);
  throw new AppError("GIT_MISSING", {
    required: isInside ? "the top folder of the Git repository" : "a folder inside a Git repository",
    received: isInside ? `the folder ${relative(top, root)} below it` : "a folder outside",
    where: root,
    hint: isInside
      ? "go to the top folder, or keep a repository of its own here with `subdir`"
      : "run 'git init' there first, or do without a history of versions with `noScm`",
  });
}

/** Errors: FILE_WRITE_FAILED where Git ignores the folder `.dvc`. */
async function requireKept(root: string): Promise<void> {
  const { code } = await runGit(root, ["check-ignore", "--quiet", "--", ".dvc/config"], { allowed: [0, 1] });
  if (code === 1) return;
  throw new AppError("FILE_WRITE_FAILED", {
    required: "a folder .dvc that Git keeps",
    received: "one that a .gitignore excludes",
    where: root,
    hint: "add the line '!.dvc' to that .gitignore",
  });
}
