/** The files that say what is tracked, in the work tree or at a Git revision. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { readBytesIfThere } from "../../base/files/read-file.ts";
import { gitText, runGit } from "../../base/run-git.ts";
import { isIgnoredPath, openIgnoreRules } from "./ignore-rules.ts";
import type { Repository } from "./repository.ts";

/** Paths are from the repository's root, with forward slashes. */
export interface MetadataTree {
  /** For messages: `work tree`, or the revision as it was given. */
  readonly label: string;
  /** Of a revision: 40 or 64 hexadecimal digits. */
  readonly commit?: string;
  /**
   * Every `*.dvc` and `dvc.yaml` that counts: not ignored by Git, nor by `.dvcignore`, nor in a
   * DVC repository of its own. Ascending by code units.
   */
  list(): Promise<readonly string[]>;
  /** Any file; undefined where there is none. Errors: FILE_READ_FAILED, GIT_FAILED. */
  read(path: string): Promise<Uint8Array | undefined>;
}

const largestBytes = 64 << 20;

export function isMetadataName(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name === "dvc.yaml" || (name.endsWith(".dvc") && name !== ".dvc");
}

export function openWorkTree(repository: Repository): MetadataTree {
  const { root, hasGit } = repository;
  return {
    label: "work tree",
    async list() {
      const found = hasGit ? await listByGit(root) : await listByWalk(root);
      const rules = openIgnoreRules(root);
      const isSubrepository = liesBelow((folder) => existsSync(join(root, folder, ".dvc")));
      return found
        .filter((path) => existsSync(join(root, path)) && !isSubrepository(path) && !isIgnoredPath(rules, path, false))
        .sort(byCodeUnits);
    },
    async read(path) {
      return readBytesIfThere(join(root, path), path, largestBytes);
    },
  };
}

/** The tree as it is now: it is listed once. */
export function listedOnce(tree: MetadataTree): MetadataTree {
  let listed: Promise<readonly string[]> | undefined;
  return { ...tree, list: () => (listed ??= tree.list()) };
}

/**
 * What Git would add, or has: it does not enter folders that it ignores, as tracked data is. A file that
 * it has though a pattern excludes it does not count, as it does not for DVC.
 */
async function listByGit(root: string): Promise<string[]> {
  const patterns = [":(glob)**/*.dvc", ":(glob)**/dvc.yaml"];
  const words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ...patterns];
  const names = async (list: readonly string[]): Promise<string[]> =>
    (await runGit(root, list)).output.toString("utf8").split("\0").filter(isMetadataName);
  const excluded = ["ls-files", "-z", "--cached", "--ignored", "--exclude-standard", "--", ...patterns];
  const [found, ignored] = await Promise.all([names(words), names(excluded)]);
  const all = new Set(found);
  const isExcluded = new Set(ignored);
  // Data that is tracked here holds no metadata.
  const isInData = liesBelow((folder) => all.has(`${folder}.dvc`));
  return found.filter((path) => !isExcluded.has(path) && !isInData(path));
}

async function listByWalk(root: string): Promise<string[]> {
  const rules = openIgnoreRules(root);
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    rules.enter(folder);
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw readFailure(join(root, folder), error);
    });
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (rules.isIgnored(path, entry.isDirectory())) continue;
      // Data that is tracked here holds no metadata.
      if (entry.isDirectory() && !names.has(`${entry.name}.dvc`)) await walk(path);
      else if (entry.isFile() && isMetadataName(path)) found.push(path);
    }
  };
  await walk("");
  return found;
}

/** Whether one of the folders that a path lies in is such a one. */
function liesBelow(isSuch: (folder: string) => boolean): (path: string) => boolean {
  const known = new Map<string, boolean>();
  return (path) => {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      const folder = path.slice(0, at);
      const is = known.get(folder) ?? isSuch(folder);
      known.set(folder, is);
      if (is) return true;
    }
    return false;
  };
}

/** The commit that a name stands for. Errors: GIT_REVISION_UNKNOWN, GIT_MISSING. */
export async function resolveRevision(root: string, revision: string): Promise<string> {
  const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const { code, output } = await runGit(root, words, { allowed: [0, 1, 128] });
  // Old versions of git answer with the words themselves too.
  const commit = output.toString("utf8").trim().split("\n").at(-1) ?? "";
  if (code === 0 && /^[0-9a-f]{40,64}$/.test(commit)) return commit;
  throw new AppError("GIT_REVISION_UNKNOWN", {
    required: "a commit, tag or branch of the repository",
    received: `'${revision.slice(0, 100)}'`,
    where: root,
    hint: "tags of others must be fetched by Git first",
  });
}

/** Errors: GIT_REVISION_UNKNOWN, GIT_MISSING, GIT_FAILED. */
export async function openRevision(repository: Repository, revision: string): Promise<MetadataTree> {
  // As DVC calls the work tree.
  if (revision === "workspace") return openWorkTree(repository);
  const { root, hasGit } = repository;
  if (!hasGit) {
    throw new AppError("GIT_MISSING", { required: "a repository with Git", received: "one without", where: root });
  }
  const commit = await resolveRevision(root, revision);
  return { ...(await openGitTree(root, await listTree(root, commit))), label: revision, commit };
}

/** What Git's index holds: files that are added and not committed yet. */
export async function openIndex({ root }: Repository): Promise<MetadataTree> {
  return { ...(await openGitTree(root, await listIndex(root))), label: "index" };
}

/** Ids of files by path. */
type Blobs = ReadonlyMap<string, string>;

async function openGitTree(root: string, blobs: Blobs): Promise<Pick<MetadataTree, "list" | "read">> {
  const isWanted = (path: string): boolean =>
    isMetadataName(path) || /(^|\/)(dvc\.lock|\.dvcignore|params\.yaml)$/.test(path);
  const contents = await readBlobs(
    root,
    [...blobs].filter(([path]) => isWanted(path)).map(([, id]) => id),
  );
  const read = (path: string): Buffer | undefined => {
    const id = blobs.get(path);
    return id === undefined ? undefined : contents.get(id);
  };
  return {
    async list() {
      const rules = openIgnoreRules(root, (path) => read(path)?.toString("utf8"));
      const repositories = new Set([...blobs.keys()].flatMap((path) => /^(.*)\/\.dvc\/config$/.exec(path)?.[1] ?? []));
      const isSubrepository = liesBelow((folder) => repositories.has(folder));
      return [...blobs.keys()]
        .filter((path) => isMetadataName(path) && !isSubrepository(path) && !isIgnoredPath(rules, path, false))
        .sort(byCodeUnits);
    },
    async read(path) {
      const id = blobs.get(path);
      if (id === undefined) return undefined;
      return contents.get(id) ?? (await readBlobs(root, [id])).get(id);
    },
  };
}

async function listTree(root: string, commit: string): Promise<Blobs> {
  return blobsOf(await runGit(root, ["ls-tree", "-r", "-z", commit]), /^100\d+ blob ([0-9a-f]+)\t(.*)$/s);
}

async function listIndex(root: string): Promise<Blobs> {
  return blobsOf(await runGit(root, ["ls-files", "-z", "--stage"]), /^100\d+ ([0-9a-f]+) \d\t(.*)$/s);
}

/** `pattern` takes the id and the path out of a row; rows of links and submodules have another form. */
function blobsOf({ output }: { readonly output: Buffer }, pattern: RegExp): Blobs {
  const rows = output.toString("utf8").split("\0");
  return new Map(
    rows.flatMap((row) => {
      const [, id, path] = pattern.exec(row) ?? [];
      return id === undefined || path === undefined ? [] : [[path, id] as const];
    }),
  );
}

/** Contents by id, in one process. Errors: GIT_FAILED. */
async function readBlobs(root: string, ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return contents;
  const { output } = await runGit(root, ["cat-file", "--batch"], {
    input: `${wanted.join("\n")}\n`,
    mostBytes: 1 << 30,
  });
  let at = 0;
  for (const id of wanted) {
    const end = output.indexOf(0x0a, at);
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(output.subarray(at, end).toString("latin1"))?.[1]);
    if (end === -1 || !Number.isSafeInteger(size)) {
      throw new AppError("GIT_FAILED", { required: "an answer of git cat-file", received: "another one", where: root });
    }
    contents.set(id, output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return contents;
}

/** Which revisions a command speaks of. */
export interface RevisionChoice {
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
}

/** Commits of branches, of those of remotes too, of tags, or of all history. */
export async function chosenCommits({ root, hasGit }: Repository, choice: RevisionChoice): Promise<readonly string[]> {
  if (!hasGit) return [];
  const patterns = [
    ...(choice.allBranches ? ["refs/heads", "refs/remotes"] : []),
    ...(choice.allTags ? ["refs/tags"] : []),
  ];
  const commits = new Set<string>();
  if (patterns.length > 0) {
    const text = await gitText(root, ["for-each-ref", "--format=%(objectname) %(*objectname)", ...patterns]);
    const ids = text.split("\n").flatMap((line) => line.trim().split(" ").at(-1) || []);
    // A tag may name no commit; one process answers for all.
    const input = ids.map((id) => `${id}^{commit}\n`).join("");
    const answers =
      input === "" ? "" : await gitText(root, ["cat-file", "--batch-check=%(objectname) %(objecttype)"], { input });
    for (const [, id] of answers.matchAll(/^([0-9a-f]{40,64}) commit$/gm)) commits.add(id!);
  }
  if (choice.allCommits) {
    for (const id of (await gitText(root, ["rev-list", "--all", "HEAD"], { allowed: [0, 128] })).split("\n")) {
      if (id !== "") commits.add(id);
    }
  }
  return [...commits];
}
