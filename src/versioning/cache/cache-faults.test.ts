/** What the file system refuses: nothing is lost, and the error says where. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import builtinFs, * as fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { initRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { checkoutPath } from "./checkout-path.ts";
import { doTask } from "./file-work.ts";
import { hashPath, storePath } from "./hash-path.ts";
import { objectPath } from "./object-cache.ts";
import { workPlaceOf } from "./work-place.ts";

let root = "";
let repository: Repository;
beforeEach(async () => {
  root = fs.realpathSync(temporaryFolder("cache-faults"));
  repository = await initRepository(root, { noScm: true });
});

const md5Of = (bytes: Uint8Array | string): string => createHash("md5").update(bytes).digest("hex");

/** A file system of 4 MiB; false where this process may not make one. */
function mountSmall(folder: string): boolean {
  fs.mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  return true;
}

function writeFiles(folder: string, count: number): ReadonlyMap<string, Buffer> {
  fs.mkdirSync(folder, { recursive: true });
  const files = new Map(Array.from({ length: count }, (_, at) => [`${at}.jpg`, randomBytes(100_000)]));
  for (const [name, bytes] of files) fs.writeFileSync(join(folder, name), bytes);
  return files;
}

function requireWhole(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of files) expect(fs.readFileSync(join(folder, name)).equals(bytes)).toBe(true);
}

it("a full disk of the cache leaves whole objects alone, and the next attempt goes on", async ({ skip }) => {
  const cacheFolder = join(root, "small");
  if (!mountSmall(cacheFolder)) return skip("needs the right to mount a file system");
  const folder = join(root, "data");
  const files = writeFiles(folder, 60);
  const small = { ...repository, cacheFolder };
  await expect(storePath(small, folder)).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
  requireWhole(folder, files);
  const objects = fs.readdirSync(join(cacheFolder, "files/md5"), { recursive: true, encoding: "utf8" });
  const named = objects.filter((name) => name.length > 2);
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) {
    expect(md5Of(fs.readFileSync(join(cacheFolder, "files/md5", name)))).toBe(name.replace("/", ""));
  }
  expect(fs.readdirSync(workPlaceOf(small).objectTemp)).toEqual([]);
  execFileSync("mount", ["-o", "remount,size=32m", cacheFolder]);
  expect((await storePath(small, folder)).newObjects).toBe(61 - named.length);
});

it("a full disk of the work tree leaves old files or new ones", async ({ skip }) => {
  const work = join(root, "work");
  if (!mountSmall(work)) return skip("needs the right to mount a file system");
  const folder = join(work, "data");
  const first = writeFiles(folder, 30);
  const { hash } = await storePath(repository, folder);
  fs.rmSync(folder, { recursive: true });
  fs.writeFileSync(join(work, "other"), randomBytes(2_500_000));
  await expect(checkoutPath(repository, folder, hash)).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
  for (const name of fs.readdirSync(folder)) {
    expect(fs.readFileSync(join(folder, name)).equals(first.get(name)!), name).toBe(true);
  }
  fs.rmSync(join(work, "other"));
  await checkoutPath(repository, folder, hash);
  requireWhole(folder, first);
});

it("a cache that may not be written to is named", async () => {
  const folder = join(root, "data");
  writeFiles(folder, 3);
  const cacheFolder = join(root, "no-folder");
  fs.writeFileSync(cacheFolder, "a file");
  await expect(storePath({ ...repository, cacheFolder }, folder)).rejects.toMatchObject({
    code: expect.stringMatching(/^FILE_/),
    where: expect.stringContaining("no-folder"),
  });
});

it("a file that may not be read is named, and nothing is remembered of it", async ({ skip }) => {
  if (process.getuid?.() === 0) return skip("root may read all files");
  const folder = join(root, "data");
  const files = writeFiles(folder, 3);
  fs.chmodSync(join(folder, "1.jpg"), 0);
  await expect(hashPath(repository, folder)).rejects.toMatchObject({
    code: "FILE_READ_FAILED",
    where: expect.stringContaining("1.jpg"),
  });
  fs.chmodSync(join(folder, "1.jpg"), 0o644);
  expect((await hashPath(repository, folder))?.fileCount).toBe(files.size);
});

it("a file that is written to meanwhile gets the hash of bytes that the cache has", async () => {
  const file = join(root, "data");
  const place = workPlaceOf(repository);
  fs.mkdirSync(place.objectTemp, { recursive: true });
  const writer = fs.openSync(file, "w");
  onTestFinished(() => fs.closeSync(writer));
  for (let turn = 0; turn < 50; turn++) {
    fs.writeSync(writer, randomBytes(5000));
    const { md5 } = doTask({ kind: "store", path: file }, place);
    expect(md5Of(fs.readFileSync(objectPath(repository, { md5, algorithm: "md5" })))).toBe(md5);
  }
});

it.each(["hash", "store"] as const)("a file that changes with every read is refused: %s", (kind) => {
  const file = join(root, "data");
  fs.writeFileSync(file, randomBytes(3_000_000));
  const place = workPlaceOf(repository);
  fs.mkdirSync(place.objectTemp, { recursive: true });
  let turns = 0;
  const { readSync } = builtinFs;
  onTestFinished(() => {
    builtinFs.readSync = readSync;
    syncBuiltinESMExports();
  });
  builtinFs.readSync = ((...given: Parameters<typeof readSync>) => {
    if (turns++ < 100) fs.appendFileSync(file, "x");
    return readSync(...given);
  }) as typeof readSync; // called as it is
  syncBuiltinESMExports();
  expect(() => doTask({ kind, path: file, algorithm: "md5" }, place)).toThrow(
    expect.objectContaining({ code: "SOURCE_CHANGED", where: file }),
  );
  expect(fs.readdirSync(place.objectTemp)).toEqual([]);
});
