import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { readGitCommit } from "./git-commit.ts";

const folder = temporaryFolder();

it("is the commit that a folder stands at, and nothing without one", async () => {
  const git = (...words: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], { cwd: folder, encoding: "utf8" });
  expect(await readGitCommit(folder)).toBeUndefined();
  git("init", "--quiet");
  expect(await readGitCommit(folder)).toBeUndefined();
  git("commit", "--quiet", "--allow-empty", "-m", "first");
  expect(await readGitCommit(folder)).toBe(git("rev-parse", "HEAD").trim());
  expect(await readGitCommit(join(folder, "no such folder"))).toBeUndefined();
});
