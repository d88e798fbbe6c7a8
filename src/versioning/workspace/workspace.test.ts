import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { gitEnvironment } from "../../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { objectPath } from "../cache/object-cache.ts";
import { initRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { addData } from "./add.ts";
import { checkoutData } from "./checkout.ts";
import { commitData } from "./commit.ts";
import { removeData } from "./remove.ts";
import { dataStatus } from "./status.ts";

let root = "";
let repository: Repository;
const git = (...words: readonly string[]): string =>
  execFileSync("git", words, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...gitEnvironment },
    stdio: "pipe",
  });

beforeEach(async () => {
  root = fs.realpathSync(temporaryFolder("workspace"));
  git("init", "-q", "-b", "main");
  repository = await initRepository(root);
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(join(root, name, ".."), { recursive: true });
    fs.writeFileSync(join(root, name), text);
  }
}

const read = (name: string): string => fs.readFileSync(join(root, name), "utf8");
const here = () => ({ folder: root });
const add = (...paths: readonly string[]) => addData(repository, paths, here());
const status = async (...targets: readonly string[]) => {
  const { outputs } = await dataStatus(repository, targets, here());
  return Object.fromEntries(outputs.map(({ path, state }) => [path, state]));
};
const pictures = { "data/raw/cat/1.jpg": "one", "data/raw/cat/2.jpg": "two", "data/raw/dog.jpg": "three" };

describe("data add", () => {
  it("writes a .dvc file and .gitignore, and names both for Git", async () => {
    write(pictures);
    const { added, changedFiles } = await add("data/raw");
    expect(added).toMatchObject([{ path: "data/raw", fileCount: 3, sizeBytes: 11, newObjects: 4, isChanged: true }]);
    expect(changedFiles).toEqual(["data/.gitignore", "data/raw.dvc"]);
    expect(read("data/.gitignore")).toBe("/raw\n");
    expect(await status()).toEqual({ "data/raw": "clean" });
    expect(await add("data/raw")).toMatchObject({ added: [{ isChanged: false, newObjects: 0 }], changedFiles: [] });
  });

  it("brings a part of a folder up to date and leaves the rest as it was recorded", async () => {
    write(pictures);
    await add("data/raw");
    write({ "data/raw/new.jpg": "new", "data/raw/dog.jpg": "changed" });
    const { added } = await addData(repository, ["new.jpg"], { folder: join(root, "data/raw") });
    expect(added).toMatchObject([{ fileCount: 4, sizeBytes: 14 }]);
    expect((await dataStatus(repository)).outputs[0]?.changes).toEqual({
      added: [],
      modified: ["dog.jpg"],
      deleted: [],
    });
    fs.rmSync(join(root, "data/raw/cat"), { recursive: true });
    expect((await add("data/raw/cat", "data/raw/dog.jpg")).added).toMatchObject([{ fileCount: 2 }, { fileCount: 2 }]);
    expect(await status()).toEqual({ "data/raw": "clean" });
  });

  it.each([
    ["what Git has", "tracked.txt", /^DATA_OVERLAP.*git rm -r --cached tracked.txt/],
    ["a folder around other data", "data", /^DATA_OVERLAP.*a folder around data\/raw, which data\/raw.dvc tracks/],
    ["a .dvc file", "data/raw.dvc", /^DATA_NAME_INVALID.*name the data itself: data\/raw/],
    ["what is not there", "data/row", /^FILE_NOT_FOUND/],
    ["what lies outside", "../other", /^DATA_NAME_INVALID.*outside of it/],
    ["all of the repository", ".", /^DATA_NAME_INVALID.*the whole repository/],
    ["Git's own files", ".git/config", /^DATA_NAME_INVALID/],
    ["data behind a link", "link/secret", /^DATA_NAME_INVALID.*the symbolic link link/],
    ["what .dvcignore excludes", "notes.tmp", /^DATA_NAME_INVALID.*\.dvcignore excludes/],
    ["data whose .dvc file Git ignores", "hidden/a", /^DATA_NAME_INVALID.*hidden\/a.dvc/],
    ["a part of a file", "one.bin/x", /^DATA_OVERLAP.*a path inside of a file/],
  ])("refuses %s, and changes nothing", async (_what, target, message) => {
    const outside = temporaryFolder("outside");
    fs.writeFileSync(join(outside, "secret"), "secret");
    fs.symlinkSync(outside, join(root, "link"));
    write({ ...pictures, "tracked.txt": "t", "notes.tmp": "n", ".dvcignore": "*.tmp\n", "one.bin": "1" });
    write({ "hidden/.gitignore": "*.dvc\n", "hidden/a": "a", "good.bin": "good" });
    git("add", "tracked.txt");
    await add("data/raw", "one.bin");
    if (target === "one.bin/x") {
      fs.rmSync(join(root, "one.bin"));
      write({ "one.bin/x": "x" });
    }
    const failure = await add("good.bin", target).catch((error: unknown) => error);
    const { code, message: text, hint } = failure as { code: string; message: string; hint?: string };
    expect(`${code}: ${text} ${hint}`).toMatch(message);
    expect(fs.existsSync(join(root, "good.bin.dvc"))).toBe(target === "one.bin/x");
  });
});

describe("targets", () => {
  it("are paths, parts, files, folders and patterns, from the current folder; a mistyped one has a hint", async () => {
    write({ ...pictures, "data/labels.csv": "l" });
    await add("data/raw", "data/labels.csv");
    expect(await status("data/raw/cat", "data/labels.csv.dvc")).toEqual({
      "data/raw/cat": "clean",
      "data/labels.csv": "clean",
    });
    expect(Object.keys(await status("data"))).toEqual(["data/labels.csv", "data/raw"]);
    const { outputs } = await dataStatus(repository, ["*.csv"], { folder: join(root, "data"), glob: true });
    expect(outputs.map(({ path }) => path)).toEqual(["data/labels.csv"]);
    const failure = dataStatus(repository, ["rwa"], { folder: join(root, "data") });
    await expect(failure).rejects.toMatchObject({ code: "DATA_NOT_TRACKED", hint: "did you mean raw?" });
  });
});

describe("data status", () => {
  it("tells what is modified, deleted and not in the cache apart", async () => {
    write({ ...pictures, "a.bin": "a", "b.bin": "b" });
    await add("data/raw", "a.bin", "b.bin");
    write({ "a.bin": "other" });
    fs.rmSync(join(root, "b.bin"));
    fs.rmSync(objectPath(repository, { md5: "35d6d33467aae9a2e3dccb4b6b027878", algorithm: "md5" }), { force: true }); // three
    const { outputs, isClean, uncommitted } = await dataStatus(repository);
    expect(outputs).toMatchObject([
      { path: "a.bin", state: "modified" },
      { path: "b.bin", state: "deleted" },
      { path: "data/raw", state: "not-in-cache", missingObjects: 1 },
    ]);
    expect(isClean).toBe(false);
    expect(uncommitted).toContain("data/raw.dvc");
  });
});

describe("data checkout", () => {
  it("restores versions, parts, and removes what the other version does not track", async () => {
    write(pictures);
    await add("data/raw");
    git("add", "--all");
    git("commit", "-q", "-m", "one");
    write({ "data/raw/new.jpg": "new", "extra.bin": "extra" });
    await add("data/raw", "extra.bin");
    git("add", "--all");
    git("commit", "-q", "-m", "two");
    git("checkout", "-q", "HEAD~1");
    expect(await checkoutData(repository, [], here())).toEqual([
      { path: "extra.bin", added: 0, modified: 0, deleted: 1 },
      { path: "data/raw", added: 0, modified: 0, deleted: 1 },
    ]);
    expect(fs.readdirSync(join(root, "data/raw"))).toEqual(["cat", "dog.jpg"]);
    git("checkout", "-q", "main");
    fs.rmSync(join(root, "data/raw/cat/1.jpg"));
    await checkoutData(repository, ["data/raw/cat"], here());
    expect(fs.readdirSync(join(root, "data/raw"), { recursive: true }).length).toBe(4);
    await checkoutData(repository, [], here());
    expect(read("extra.bin") + read("data/raw/new.jpg")).toBe("extranew");
    expect(git("status", "--porcelain")).toBe("");
  });

  it("keeps what no version has, also where the next version does not track it", async () => {
    git("commit", "-q", "--allow-empty", "-m", "none");
    write(pictures);
    await add("data/raw");
    git("add", "--all");
    git("commit", "-q", "-m", "one");
    write({ "data/raw/mine.jpg": "mine" });
    await expect(checkoutData(repository, [], here())).rejects.toMatchObject({ code: "DATA_UNSAVED" });
    git("checkout", "-q", "HEAD~1");
    expect(await checkoutData(repository, [], here())).toEqual([]);
    expect(read("data/raw/mine.jpg") + read("data/raw/dog.jpg")).toBe("minethree");
  });

  it.each([
    ["an absolute path", "/etc/passwd", "DATA_FEATURE_UNSUPPORTED"],
    ["an address", "s3://bucket/x", "DATA_FEATURE_UNSUPPORTED"],
    ["a path that leads out", "../x", "DATA_FEATURE_UNSUPPORTED"],
    ["a hook of Git", ".git/hooks/pre-commit", "DATA_FILE_INVALID"],
    ["a hook of Git by another name", "sub/.GIT/hooks/pre-commit", "DATA_FILE_INVALID"],
    ["DVC's configuration", ".dvc/config", "DATA_FILE_INVALID"],
    ["the repository itself", ".", "DATA_FILE_INVALID"],
  ])("refuses a .dvc file that names %s", async (_what, path, code) => {
    write({ "x.dvc": `outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  hash: md5\n  path: ${path}\n` });
    await expect(checkoutData(repository, [], { ...here(), force: true })).rejects.toMatchObject({ code });
  });
});

describe("data commit and remove", () => {
  it("record what changed; stop tracking, and keep the data unless asked", async () => {
    write(pictures);
    await add("data/raw");
    write({ "data/raw/new.jpg": "new" });
    expect(await commitData(repository, [], here())).toMatchObject([{ path: "data/raw", isChanged: true }]);
    expect(await status()).toEqual({ "data/raw": "clean" });
    await expect(removeData(repository, ["data"], here())).rejects.toMatchObject({ code: "DATA_NOT_TRACKED" });
    expect(await removeData(repository, ["data/raw"], here())).toMatchObject({ removed: ["data/raw.dvc"] });
    expect(fs.readdirSync(join(root, "data"))).toEqual(["raw"]);
    await add("data/raw");
    await removeData(repository, ["data/raw.dvc"], { ...here(), outs: true });
    expect(fs.readdirSync(join(root, "data"))).toEqual([]);
  });
});
