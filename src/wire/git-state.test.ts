import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { readGitState, withoutSecrets } from "./git-state.ts";

const folder = temporaryFolder();
const git = (...words: readonly string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], { cwd: folder, encoding: "utf8" });

it("is the commit that a folder stands at with what differs, and nothing without a commit", async () => {
  expect(await readGitState(folder)).toBeUndefined();
  git("init", "--quiet", "--initial-branch=pets");
  expect(await readGitState(folder)).toBeUndefined();
  await writeFile(join(folder, "a.txt"), "one\n");
  await writeFile(join(folder, ".env"), "TOKEN=none\n");
  git("add", "a.txt", ".env");
  git("commit", "--quiet", "-m", "first");
  const commit = git("rev-parse", "HEAD").trim();
  const clean = { commit, branch: "pets", isDirty: false, diff: "", isDiffCut: false, untracked: [] };
  expect(await readGitState(folder)).toEqual(clean);
  expect(await readGitState(join(folder, "no such folder"))).toBeUndefined();

  await writeFile(join(folder, "a.txt"), "two\nhttps://me:s3cret@mlflow.example/team\n");
  await writeFile(join(folder, ".env"), "TOKEN=s3cret\n");
  await writeFile(join(folder, "new file.txt"), "");
  git("remote", "add", "origin", "https://me:s3cret@example.org/pets.git?access_token=s3cret");
  const dirty = await readGitState(folder);
  expect(dirty).toMatchObject({ isDirty: true, untracked: ["new file.txt"], remote: "https://example.org/pets.git" });
  expect(dirty?.diff).toContain("-one\n+two\n+https://***@mlflow.example/team\n");
  expect(JSON.stringify(dirty)).not.toContain("s3cret");

  git("checkout", "--quiet", "--detach");
  await writeFile(join(folder, "a.txt"), "a line of text\n".repeat(200_000));
  const large = await readGitState(folder);
  expect(large).not.toHaveProperty("branch");
  expect(large?.isDiffCut).toBe(true);
  expect(large?.diff.length).toBeGreaterThan(1_000_000);
  expect(large?.diff.length).toBeLessThanOrEqual(1 << 20);
  expect(large?.diff.endsWith("+a line of text\n")).toBe(true);
});

it.each([
  ["https://example.org/a/b.git", "https://example.org/a/b.git"],
  ["https://example.org/@a/b.git", "https://example.org/@a/b.git"],
  ["https://ghp_TOKEN@example.org/a.git", "https://example.org/a.git"],
  ["https://me:to/ken@example.org/a.git", "https://example.org/a.git"],
  ["https://me:to@ken@example.org:8443/a.git#frag", "https://example.org:8443/a.git"],
  ["https://example.org/a.git?private_token=TOKEN", "https://example.org/a.git"],
  ["HTTPS://TOKEN:x-oauth-basic@example.org/a", "HTTPS://example.org/a"],
  ["ssh://git@example.org:22/a.git", "ssh://git@example.org:22/a.git"],
  ["ssh://git:TOKEN@example.org/a.git", "ssh://example.org/a.git"],
  ["git@example.org:a/b.git", "git@example.org:a/b.git"],
  ["git:TOKEN@example.org:a/b.git", "example.org:a/b.git"],
  ["../origin.git", "../origin.git"],
  ["/srv/git/origin.git", "/srv/git/origin.git"],
])("a remote %s is recorded as %s", (given, recorded) => {
  expect(withoutSecrets(given)).toBe(recorded);
});
