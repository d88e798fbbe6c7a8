/** Repositories and their configuration: what `data init` and `data remote` write is what dvc writes. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { addRemote, removeRemote, setDefaultRemote } from "../../src/versioning/repo/edit-remotes.ts";
import { initRepository, openRepository } from "../../src/versioning/repo/open-repository.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = temporaryFolder("configured");
const dvc = await findDvc(home, ["dvc"]);
vi.stubEnv("DVC_GLOBAL_CONFIG_DIR", join(home, "dvc-global"));
vi.stubEnv("DVC_SYSTEM_CONFIG_DIR", join(home, "dvc-system"));

function gitFolder(): string {
  const folder = temporaryFolder("configured");
  git(folder, "init", "-q");
  return folder;
}

function filesOf(root: string): Readonly<Record<string, string>> {
  const names = [".dvc/config", ".dvc/.gitignore", ".dvcignore"];
  const text = (name: string): string =>
    execFileSync("sh", ["-c", 'cat "$1" 2>/dev/null || echo none', "sh", join(root, name)], { encoding: "utf8" });
  return Object.fromEntries(names.map((name) => [name, text(name)]));
}

describe.skipIf(!dvc)("a repository and its configuration", () => {
  it.each([
    ["at the top", "", []],
    ["in a sub-folder", "sub", ["--subdir"]],
    ["without Git", "", ["--no-scm"]],
  ] as const)(
    "are those of dvc init %s",
    async (_, sub, words) => {
      const [ours, theirs] = [gitFolder(), gitFolder()].map((folder) => join(folder, sub)) as [string, string];
      for (const folder of [ours, theirs]) mkdirSync(folder, { recursive: true });
      await initRepository(ours, { noScm: words[0] === "--no-scm", subdir: words[0] === "--subdir" });
      await dvc!(theirs, "init", "-q", ...words);
      expect(filesOf(ours)).toEqual(filesOf(theirs));
      expect(git(ours, "status", "--porcelain", "-uall", "--", ".", ":(exclude).dvc/tmp")).toBe(
        git(theirs, "status", "--porcelain", "-uall", "--", ".", ":(exclude).dvc/tmp"),
      );
    },
    120_000,
  );

  it("are the same after the same changes of remotes", async () => {
    const start = [
      "# comment",
      ...["[cache]", "    type = reflink,copy", "['remote \"A\"']", "    url = ./x/../y", "    # another"],
      ...["[core]", "    autostage = true", '[remote "b"]', 'url="s3://b/a,b"', ""],
    ].join("\n");
    const [ours, theirs] = [gitFolder(), gitFolder()];
    await initRepository(ours);
    await dvc!(theirs, "init", "-q");
    for (const root of [ours, theirs]) {
      mkdirSync(join(root, "sub"));
      writeFileSync(join(root, ".dvc/config"), start);
    }
    const config = (root: string): string => readFileSync(join(root, ".dvc/config"), "utf8");
    const open = () => openRepository(ours);
    const sub = join(ours, "sub");

    await addRemote(await open(), { name: "New", url: "../store", isDefault: true }, sub);
    await dvc!(join(theirs, "sub"), "remote", "add", "-d", "New", "../store");
    expect(config(ours)).toBe(config(theirs));

    const urls = { abs: "/srv/dvc", home: "~/x", quote: "s3://b/it's", hash: "s3://b/a#b", comma: "../a,b" };
    for (const [name, url] of Object.entries(urls)) {
      await addRemote(await open(), { name, url, settings: { jobs: "4" } }, sub);
      await dvc!(join(theirs, "sub"), "remote", "add", name, url);
      await dvc!(join(theirs, "sub"), "remote", "modify", name, "jobs", "4");
    }
    expect(config(ours)).toBe(config(theirs));

    await setDefaultRemote(await open(), "B");
    await dvc!(theirs, "remote", "default", "B");
    await removeRemote(await open(), "A");
    await dvc!(theirs, "remote", "remove", "A");
    expect(config(ours)).toBe(config(theirs));
    await removeRemote(await open(), "b");
    await dvc!(theirs, "remote", "remove", "b");
    expect(config(ours)).toBe(config(theirs));
    const remotes = [...(await open()).config.remotes.values()].map(({ name, url }) => [name, url]);
    expect(
      (await dvc!(ours, "remote", "list"))
        .trim()
        .split("\n")
        .map((row) => row.split(/\s+/)),
    ).toEqual(remotes);
  }, 300_000);
});
