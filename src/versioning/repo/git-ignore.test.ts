import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { git } from "../../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { ignoreInGit, unignoreInGit } from "./git-ignore.ts";
import { initRepository } from "./open-repository.ts";
import type { Repository } from "./repository.ts";

let repository: Repository;
let file: string;
beforeEach(async () => {
  const root = realpathSync(temporaryFolder("ignore"));
  git(root, "init", "-q");
  repository = await initRepository(root);
  file = join(root, "data/.gitignore");
  mkdirSync(join(root, "data"));
});
const at = (name: string): string => join(repository.root, "data", name);
const rows = (): string => readFileSync(file, "utf8");

describe("rows of .gitignore", () => {
  it("are escaped so that Git ignores that name alone", async () => {
    const names = ["raw", "a*b", "[x]", "!y", "#z", "q?", "back\\slash", "ünï", "a b"];
    for (const name of names) writeFileSync(at(name), "");
    await ignoreInGit(repository, names.map(at));
    expect(rows()).toBe("/raw\n/a\\*b\n/\\[x\\]\n/\\!y\n/\\#z\n/q\\?\n/back\\\\slash\n/ünï\n/a b\n");
    expect(git(repository.root, "status", "--porcelain", "-uall", "data")).toBe("?? data/.gitignore\n");
    await unignoreInGit(repository, names.map(at));
    expect(existsSync(file)).toBe(false);
  });

  it("are not added where Git ignores the path already", async () => {
    writeFileSync(file, "*.zip\n");
    expect(await ignoreInGit(repository, [at("a.zip")])).toEqual([]);
    expect(rows()).toBe("*.zip\n");
  });

  it("leave all else in the file as it is, and begin on a line of their own", async () => {
    writeFileSync(file, "# own\r\n*.tmp");
    await ignoreInGit(repository, [at("raw"), at("raw")]);
    expect(rows()).toBe("# own\r\n*.tmp\n/raw\n");
    await unignoreInGit(repository, [at("raw")]);
    expect(rows()).toBe("# own\r\n*.tmp\n");
  });
});
