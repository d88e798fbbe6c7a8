import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { initRepository } from "./open-repository.ts";
import type { Repository } from "./repository.ts";
import { withPathLocks, withRepositoryLock } from "./repository-lock.ts";

let repository: Repository;
beforeEach(async () => {
  repository = await initRepository(realpathSync(temporaryFolder("lock")), { noScm: true });
});

/** A process that holds a file by flock(2), as DVC does. */
async function holdElsewhere(path: string): Promise<void> {
  const child = spawn("flock", ["-n", path, "sh", "-c", "echo held; exec sleep 60"], { detached: true });
  onTestFinished(() => void process.kill(-child.pid!, "SIGKILL"));
  await once(child.stdout, "data");
}

describe("the repository's lock", () => {
  it("keeps a second command out, and says who is inside", async () => {
    await withRepositoryLock(repository, "pawprint data add", async () => {
      const second = withRepositoryLock(repository, "pawprint data push", async () => expect.unreachable());
      await expect(second).rejects.toMatchObject({
        code: "LOCKED",
        message: expect.stringContaining(`process ${process.pid}`),
      });
    });
    expect(await withRepositoryLock(repository, "pawprint data push", async () => 1)).toBe(1);
  });

  it("is DVC's own lock too", async () => {
    const path = join(repository.tempFolder, "lock");
    await holdElsewhere(path);
    const waiting = withRepositoryLock(repository, "pawprint data add", async () => expect.unreachable());
    await expect(waiting).rejects.toMatchObject({ code: "LOCKED" });
  }, 20_000);

  it("lets nobody of DVC in while it is held", async () => {
    await withRepositoryLock(repository, "pawprint data add", async () => {
      const other = spawn("flock", ["-n", join(repository.tempFolder, "lock"), "true"]);
      expect((await once(other, "close"))[0]).toBe(1);
    });
    const other = spawn("flock", ["-n", join(repository.tempFolder, "lock"), "true"]);
    expect((await once(other, "close"))[0]).toBe(0);
  });

  it("heeds the paths that a stage of DVC works on", async () => {
    const { root } = repository;
    const other = spawn("sleep", ["60"]);
    onTestFinished(() => void other.kill());
    const { writeFileSync } = await import("node:fs");
    const lock = { write: { [join(root, "data/raw")]: { pid: other.pid, cmd: "dvc repro" } }, read: {} };
    writeFileSync(join(repository.tempFolder, "rwlock"), JSON.stringify(lock));
    await expect(withRepositoryLock(repository, "pawprint data add", async () => 1)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining("dvc repro"),
    });
    const paths = { read: [join(root, "data/raw/cat")], write: [join(root, "model")] };
    await expect(withPathLocks(repository, "pawprint repro", paths, async () => 1)).rejects.toMatchObject({
      code: "LOCKED",
    });
    const free = { read: [join(root, "other")], write: [join(root, "model")] };
    await withPathLocks(repository, "pawprint repro", free, async () => {
      const found = JSON.parse(readFileSync(join(repository.tempFolder, "rwlock"), "utf8"));
      expect(found.write).toMatchObject({ [join(root, "model")]: { pid: process.pid, cmd: "pawprint repro" } });
    });
    expect(JSON.parse(readFileSync(join(repository.tempFolder, "rwlock"), "utf8")).write).toEqual(lock.write);
    other.kill();
    await once(other, "close");
    expect(await withRepositoryLock(repository, "pawprint data add", async () => 1)).toBe(1);
  }, 20_000);
});
