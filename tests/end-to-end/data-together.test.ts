/** Several commands on one repository at the same time: one waits or is told who works there; nothing is lost. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { initRepository } from "../../src/versioning/repo/open-repository.ts";
import type { Repository } from "../../src/versioning/repo/repository.ts";
import { addData } from "../../src/versioning/workspace/add.ts";
import { dataStatus } from "../../src/versioning/workspace/status.ts";
import { contentOf, wholeFoldersIn, writePictures } from "../support/data-kills.ts";
import { startPawprint } from "../support/pawprint-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const fileCount = 300;

let repository: Repository;
let root = "";
beforeEach(async () => {
  root = fs.realpathSync(temporaryFolder("data-together"));
  repository = await initRepository(root, { noScm: true });
  for (const name of ["first", "second"]) writePictures(join(root, name), name, fileCount);
});

/** Runs `pawprint data ...`; again as long as it is told that another command works there. */
async function data(...words: readonly string[]): Promise<void> {
  for (;;) {
    const { ended, err } = startPawprint(["data", ...words], { cwd: root });
    if ((await ended) === 0) return;
    expect(err()).toContain("LOCKED");
    expect(err()).toMatch(/process \d+.* ago|another process/);
  }
}

it("records both folders of two commands", { timeout: 120_000 }, async () => {
  await Promise.all([data("add", "first"), data("add", "second")]);
  expect(wholeFoldersIn(repository.cacheFolder)).toBe(2 * (fileCount + 1));
  const status = await dataStatus(repository);
  expect(status.outputs.map(({ path, state }) => `${path} ${state}`)).toEqual(["first clean", "second clean"]);
  expect(fs.readFileSync(join(root, "first.dvc"), "utf8")).not.toBe(fs.readFileSync(join(root, "second.dvc"), "utf8"));
});

it("collects no content that another command is about to record", { timeout: 120_000 }, async () => {
  await addData(repository, ["first"], { folder: root });
  const before = contentOf(join(root, "second"));
  await Promise.all([
    data("add", "second"),
    data("gc", "--workspace", "--force"),
    data("gc", "--workspace", "--force"),
  ]);
  expect(wholeFoldersIn(repository.cacheFolder)).toBe(2 * (fileCount + 1));
  fs.rmSync(join(root, "second"), { recursive: true });
  await data("checkout");
  expect(contentOf(join(root, "second"))).toEqual(before);
});

it("tells who holds DVC's lock, and works once that is free", { timeout: 120_000 }, async () => {
  // As DVC does: the process's number stands in the file.
  const words = ["-n", join(root, ".dvc/tmp/lock"), "sh", "-c", "echo $$ > .dvc/tmp/lock; echo held; exec sleep 100"];
  const holder = spawn("flock", words, { cwd: root, detached: true });
  const kill = () => process.kill(-holder.pid!, "SIGKILL"); // it was started
  onTestFinished(() => {
    if (holder.exitCode === null && holder.signalCode === null) kill();
  });
  await once(holder.stdout, "data");
  const { ended, err } = startPawprint(["data", "add", "first"], { cwd: root });
  expect(await ended).not.toBe(0);
  expect(err()).toContain("LOCKED");
  expect(err()).toMatch(/process \d+, sleep 100, taken \d+ s ago/);
  expect(fs.existsSync(join(root, "first.dvc"))).toBe(false);
  kill();
  await once(holder, "close");
  await data("add", "first");
  expect(wholeFoldersIn(repository.cacheFolder)).toBe(fileCount + 1);
});
