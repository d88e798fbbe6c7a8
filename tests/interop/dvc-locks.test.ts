/** One writer at a time, whichever tool it is: the real dvc against Pawprint, and the other way round. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { initRepository } from "../../src/versioning/repo/open-repository.ts";
import { withPathLocks, withRepositoryLock } from "../../src/versioning/repo/repository-lock.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = temporaryFolder("locked");
const dvc = await findDvc(home, ["dvc"]);

async function repositoryWithData() {
  const root = temporaryFolder("locked");
  git(root, "init", "-q");
  mkdirSync(join(root, "data"));
  writeFileSync(join(root, "data/cat.jpg"), "cat");
  return initRepository(root);
}

describe.skipIf(!dvc)("locks", () => {
  it("of Pawprint keep dvc out, and no longer than they are held", async () => {
    const repository = await repositoryWithData();
    await withRepositoryLock(repository, "pawprint data add", async () => {
      await expect(dvc!(repository.root, "add", "data")).rejects.toThrow(/acquire lock/i);
    });
    await dvc!(repository.root, "add", "-q", "data");
  }, 120_000);

  it("of Pawprint's stages keep dvc away from their paths alone", async () => {
    const repository = await repositoryWithData();
    const { root } = repository;
    writeFileSync(join(root, "free"), "1");
    await withPathLocks(repository, "pawprint repro", { read: [], write: [join(root, "data")] }, async () => {
      await expect(dvc!(root, "add", "data")).rejects.toThrow(/pawprint repro/);
      await dvc!(root, "add", "-q", "free");
    });
    await dvc!(root, "add", "-q", "data");
  }, 120_000);

  it("of dvc keep Pawprint out while its stage runs, and say whose they are", async () => {
    const repository = await repositoryWithData();
    const { root } = repository;
    const command = "touch started; while [ ! -e go ]; do sleep 0.1; done; echo 1 > out";
    await dvc!(root, "stage", "add", "-q", "-n", "slow", "-o", "out", command);
    const running = dvc!(root, "repro", "-q", "slow");
    await expect.poll(() => git(root, "ls-files", "--others", "started"), { timeout: 60_000 }).toContain("started");
    const add = withRepositoryLock(repository, "pawprint data add", async () => expect.unreachable());
    await expect(add).rejects.toMatchObject({ code: "LOCKED", message: expect.stringMatching(/process \d+/) });
    const other = { read: [], write: [join(root, "data")] };
    expect(await withPathLocks(repository, "pawprint repro", other, async () => 1)).toBe(1);
    writeFileSync(join(root, "go"), "");
    await running;
    expect(await withRepositoryLock(repository, "pawprint data add", async () => 1)).toBe(1);
  }, 180_000);
});
