import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { git } from "../../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { chosenCommits, openRevision, openWorkTree } from "./metadata-tree.ts";
import { findRepository, initRepository, openRepository } from "./open-repository.ts";
import type { Repository } from "./repository.ts";

let root: string;
let repository: Repository;
beforeEach(async () => {
  root = realpathSync(temporaryFolder("metadata"));
  git(root, "init", "-q", "-b", "main");
  repository = await initRepository(root);
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

describe("the files that describe data", () => {
  it("are those that count, of the work tree and of a revision alike", async () => {
    const counted = ["a b/ünï.dvc", "data/raw.dvc", "dvc.yaml", "sub/dvc.yaml", "- x/--y.dvc", "'q'.dvc"].sort();
    write(Object.fromEntries(counted.map((path) => [path, path])));
    write({
      "data/raw/inside.dvc": "below data",
      "other/.dvc/config": "",
      "other/own.dvc": "of another repository",
      "skipped/x.dvc": "",
      ".dvcignore": "skipped\n",
      "node_modules/x/dvc.yaml": "",
      ".gitignore": "node_modules\n",
      "raw.dvcx": "",
    });
    expect(await openWorkTree(repository).list()).toEqual(counted);
    expect(await openWorkTree(repository).read("data/raw.dvc")).toEqual(Buffer.from("data/raw.dvc"));
    git(root, "add", ".");
    git(root, "rm", "-q", "--cached", "data/raw/inside.dvc");
    git(root, "commit", "-q", "-m", "first");
    git(root, "tag", "-a", "v1.0", "-m", "v1.0");
    write({ "later.dvc": "", "data/raw.dvc": "changed" });
    const commit = git(root, "rev-parse", "HEAD").trim();
    for (const name of ["v1.0", "HEAD", "main", commit.slice(0, 8)]) {
      const tree = await openRevision(repository, name);
      expect(tree).toMatchObject({ label: name, commit });
      expect(await tree.list()).toEqual(counted);
      expect(String(await tree.read("data/raw.dvc"))).toBe("data/raw.dvc");
      expect(await tree.read("later.dvc")).toBeUndefined();
    }
    expect(await chosenCommits(repository, { allTags: true })).toEqual([commit]);
    expect(String(await (await openRevision(repository, "workspace")).read("data/raw.dvc"))).toBe("changed");
  });

  it.each(["v9", "--output=x", "HEAD~7", "", ":/x", "a..b"])("are refused at '%s'", async (name) => {
    git(root, "commit", "-q", "-m", "first");
    await expect(openRevision(repository, name)).rejects.toMatchObject({ code: "GIT_REVISION_UNKNOWN" });
  });
});

describe("a repository", () => {
  it("is found from sub-folders, through links, and in a worktree of Git", async () => {
    write({ "a/b/c": "" });
    git(root, "commit", "-q", "-m", "first");
    const link = join(temporaryFolder("metadata"), "link");
    symlinkSync(join(root, "a/b"), link);
    expect((await openRepository(link)).root).toBe(root);
    expect((await openRepository(join(root, "a/b/not-there"))).root).toBe(root);
    const worktree = join(realpathSync(temporaryFolder("metadata")), "tree");
    git(root, "worktree", "add", "-q", worktree);
    expect((await openRepository(worktree)).root).toBe(worktree);
    expect(await findRepository("/")).toBeUndefined();
  });

  it.each([
    ["GIT_MISSING", "outside Git", { outside: true }],
    ["FILE_EXISTS", "where there is one", {}],
    ["ARGUMENT_INVALID", "both without Git and below its top", { noScm: true, subdir: true }],
  ] as const)(
    "is refused with %s %s",
    async (code, _, given: { outside?: boolean; noScm?: boolean; subdir?: boolean }) => {
      const { outside, ...options } = given;
      const folder = outside ? temporaryFolder("metadata") : root;
      await expect(initRepository(folder, options)).rejects.toMatchObject({ code });
    },
  );

  it("is refused where Git ignores it, before anything is made", async () => {
    const folder = temporaryFolder("metadata");
    git(folder, "init", "-q");
    writeFileSync(join(folder, ".gitignore"), ".*\n");
    await expect(initRepository(folder)).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
    expect(await findRepository(folder)).toBeUndefined();
  });
});
