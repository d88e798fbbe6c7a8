import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { git } from "../../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { objectPath } from "../cache/object-cache.ts";
import type { DataHash } from "../data-hash.ts";
import { initRepository, openRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { addData } from "../workspace/add.ts";
import { collectGarbage, type GcOptions } from "./gc.ts";
import { pushData } from "./transfer-data.ts";

let home = "";
let root = "";
let repository: Repository;
beforeEach(async () => {
  home = fs.realpathSync(temporaryFolder("gc"));
  root = join(home, "repo");
  fs.mkdirSync(root);
  git(root, "init", "-q", "-b", "main");
  await initRepository(root);
  fs.writeFileSync(join(root, ".dvc/config"), `[core]\n    remote = main\n['remote "main"']\n    url = ../../store\n`);
  repository = await openRepository(root);
});
afterEach(() => vi.unstubAllEnvs());

/** A version of `data` whose one file has this text; its hashes, the folder's first. */
async function version(text: string, at: Repository = repository): Promise<readonly [DataHash, string]> {
  fs.rmSync(join(at.root, "data"), { recursive: true, force: true });
  fs.mkdirSync(join(at.root, "data"));
  fs.writeFileSync(join(at.root, "data/file.txt"), text);
  const { added } = await addData(at, ["data"], { folder: at.root });
  return [{ md5: added[0]!.md5, algorithm: "md5" }, text];
}

function commit(message: string): void {
  git(root, "add", "--all");
  git(root, "commit", "-q", "-m", message);
}

const isHere = ([hash]: readonly [DataHash, string], at: Repository = repository): boolean =>
  fs.existsSync(objectPath(at, hash));

function objectCount(folder = repository.cacheFolder): number {
  const files = join(folder, "files/md5");
  if (!fs.existsSync(files)) return 0;
  const names = fs.readdirSync(files, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /^..[/\\][0-9a-f]{30}(\.dir)?$/.test(name)).length;
}

const removedBy = async (options: GcOptions, at: Repository = repository): Promise<number> => {
  const { places } = await collectGarbage(at, options);
  return places.reduce((sum, { removed }) => sum + removed.length, 0);
};

describe("garbage collection", () => {
  it("removes what no version names, folders with their files, and says it before", async () => {
    const old = await version("old");
    const now = await version("now");
    commit("now");
    const dry = await collectGarbage(repository, { workspace: true, dryRun: true });
    expect(dry.places).toMatchObject([{ kind: "cache", kept: 2, removed: [{}, {}] }]);
    expect(objectCount()).toBe(4);
    const done = await collectGarbage(repository, { workspace: true });
    expect(done.places[0]?.removed).toEqual(dry.places[0]?.removed);
    expect([isHere(old), isHere(now), objectCount()]).toEqual([false, true, 2]);
  });

  it("keeps branches, tags or all commits as it is told", async () => {
    const first = await version("first");
    commit("first");
    git(root, "tag", "-a", "v1", "-m", "v1");
    const second = await version("second");
    commit("second");
    const side = await version("side");
    git(root, "checkout", "-q", "-b", "side");
    commit("side");
    git(root, "checkout", "-q", "main");
    const third = await version("third");
    commit("third");
    const here = () => [first, second, side, third].map((one) => isHere(one));
    expect(await removedBy({ allCommits: true })).toBe(0);
    expect(await removedBy({ allTags: true, allBranches: true })).toBe(2);
    expect(here()).toEqual([true, false, true, true]);
    await removedBy({ allBranches: true });
    expect(here()).toEqual([false, false, true, true]);
    await removedBy({ workspace: true });
    expect(here()).toEqual([false, false, false, true]);
  });

  it("always keeps what another worktree, the index or a stash names", async () => {
    await version("base");
    commit("base");
    git(root, "worktree", "add", "-q", "-b", "other", join(home, "other"));
    const other: Repository = { ...(await openRepository(join(home, "other"))), cacheFolder: repository.cacheFolder };
    const uncommitted = await version("uncommitted in a worktree", other);
    git(other.root, "add", "data.dvc");
    const stashed = await version("stashed");
    git(root, "add", "data.dvc");
    git(root, "stash", "push", "-q");
    const staged = await version("staged");
    git(root, "add", "data.dvc");
    const now = await version("now");
    expect(await removedBy({ workspace: true })).toBe(2); // the base, which its branches alone name
    expect([uncommitted, stashed, staged, now].map((one) => isHere(one))).toEqual([true, true, true, true]);
  });

  it("removes nothing where a version cannot be read", async () => {
    await version("old");
    const file = fs.readFileSync(join(root, "data.dvc"), "utf8");
    fs.writeFileSync(join(root, "data.dvc"), `<<<<<<< HEAD\n${file}`);
    commit("broken");
    fs.writeFileSync(join(root, "data.dvc"), file);
    commit("mended");
    await version("now");
    await expect(collectGarbage(repository, { allCommits: true })).rejects.toMatchObject({
      code: "DATA_FILE_INVALID",
      hint: expect.stringContaining("nothing was removed"),
    });
    expect(objectCount()).toBe(4);
    fs.writeFileSync(join(root, "data.dvc"), "outs: 5\n");
    await expect(collectGarbage(repository, { workspace: true })).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
    expect(objectCount()).toBe(4);
  });

  it("reads the lists of files that the cache lacks from the remote, and stops where nobody has one", async () => {
    const old = await version("old");
    commit("old");
    await pushData(repository, []);
    await version("now");
    commit("now");
    fs.rmSync(objectPath(repository, old[0]));
    expect(await removedBy({ allCommits: true })).toBe(0);
    fs.rmSync(join(home, "store"), { recursive: true });
    await expect(collectGarbage(repository, { allCommits: true })).rejects.toMatchObject({
      code: "DATA_OBJECT_MISSING",
      received: expect.stringContaining(old[0].md5),
    });
    expect(objectCount()).toBe(3);
    expect(await removedBy({ allCommits: true, allowMissing: true })).toBe(1);
  });

  it("removes from a remote where it is told to, and leaves there what is no object", async () => {
    await version("old");
    await pushData(repository, []);
    fs.writeFileSync(join(home, "store/README"), "whose store this is");
    fs.mkdirSync(join(home, "store/files/md5/zz"));
    fs.writeFileSync(join(home, "store/files/md5/zz/notes"), "not an object");
    await version("now");
    commit("now");
    await pushData(repository, []);
    expect(await removedBy({ workspace: true })).toBe(2);
    expect(objectCount(join(home, "store"))).toBe(4);
    expect(await removedBy({ workspace: true, cloud: true })).toBe(2);
    expect(objectCount(join(home, "store"))).toBe(2);
    expect(fs.existsSync(join(home, "store/README")) && fs.existsSync(join(home, "store/files/md5/zz/notes"))).toBe(
      true,
    );
    expect(await removedBy({ workspace: true, notInRemote: true })).toBe(2);
    expect(objectCount()).toBe(0);
  });

  it("refuses a cache that others may share, unless they are named", async () => {
    const shared = { ...repository, cacheFolder: join(home, "shared") };
    await version("old", shared);
    const now = await version("now", shared);
    await expect(collectGarbage(shared, { workspace: true })).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    expect(await removedBy({ workspace: true, projects: [root] }, shared)).toBe(2);
    expect(isHere(now, shared)).toBe(true);
  });

  it.each<[GcOptions]>([
    [{}],
    [{ cloud: true }],
    [{ workspace: true, cloud: true, notInRemote: true }],
    [{ workspace: true, remote: "main" }],
  ])("refuses %j", async (options) => {
    await expect(collectGarbage(repository, options)).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  });
});
