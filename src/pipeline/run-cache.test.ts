import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createLogger, silentLogger } from "../base/logger.ts";
import { parseDvcLock } from "../versioning/formats/dvc-lock.ts";
import { initRepository } from "../versioning/repo/open-repository.ts";
import type { LockedStage, Stage } from "../versioning/stages/stage.ts";
import { canBeCached, findRun, runCacheKey, saveRun } from "./run-cache.ts";

/** Keys and values are those of dvc 3.67.1 for these entries. */
const copyEntry = `cmd: cp raw.csv w.csv
deps:
- path: raw.csv
  hash: md5
  md5: c0710d6b4f15dfa88f600b0e6b624077
  size: 6
outs:
- path: w.csv
  hash: md5
  md5: c0710d6b4f15dfa88f600b0e6b624077
  size: 6
`;
const copyKey = "eb10c4559414e11bd6abbff2fb910f4c44fef6c810708621e2c058c457b7ccb2";
const copyValue = "29a321d39041aa22828ebcda846fd37ba941de1bfeee731cf08050424dfc4525";
const listEntry = `cmd:
- ./prep.sh
- echo done
deps:
- path: data/dir
  hash: md5
  md5: 562ee692a592790b08e880eff9046f72.dir
  size: 4
  nfiles: 2
- path: data/raw.csv
  hash: md5
  md5: c0710d6b4f15dfa88f600b0e6b624077
  size: 6
- path: prep.sh
  hash: md5
  md5: 79def489dd16665d38b9bb5fe4e334a7
  size: 78
  isexec: true
outs:
- path: out
  hash: md5
  md5: 29d5361f79d066616a05a8672f3a4514.dir
  size: 8
  nfiles: 2
`;
const listKey = "cec7ce244d3e6a90f0a13f956147b556cedcdc6860addd708673b267ec83a878";

function lockedStage(entry: string): LockedStage {
  const text = `schema: '2.0'\nstages:\n  one:\n${entry.replace(/^(?=.)/gm, "    ")}`;
  return parseDvcLock(Buffer.from(text), "dvc.lock").get("one")!;
}

async function repository() {
  return initRepository(temporaryFolder("run-cache"), { noScm: true });
}

test("keys are DVC's: of command, dependencies, parameters and paths of outputs, without sizes", () => {
  expect(runCacheKey(lockedStage(copyEntry))).toBe(copyKey);
  expect(runCacheKey(lockedStage(listEntry))).toBe(listKey);
  const withoutHashes = { ...lockedStage(copyEntry), outs: [{ path: "w.csv" }] };
  expect(runCacheKey(withoutHashes)).toBe(copyKey);
});

test("an entry is written under DVC's names with DVC's bytes, once, and found again", async () => {
  const repo = await repository();
  const entry = lockedStage(copyEntry);
  await saveRun(repo, entry, silentLogger);
  await saveRun(repo, entry, silentLogger);
  const folder = join(repo.cacheFolder, "runs", "eb", copyKey);
  expect(await readdir(folder)).toEqual([copyValue]);
  expect(await readFile(join(folder, copyValue), "utf8")).toBe(copyEntry);
  expect(await findRun(repo, { ...entry, outs: [{ path: "w.csv" }] }, silentLogger)).toEqual(entry);
  expect(await findRun(repo, { ...entry, cmd: "cp other w.csv" }, silentLogger)).toBeUndefined();
});

test("of several the newest is found, and what is no entry is passed over", async () => {
  const repo = await repository();
  const entry = lockedStage(copyEntry);
  const other = lockedStage(copyEntry.replace(/c0710d6b4f15dfa88f600b0e6b624077(?=\n {2}size: 6\n$)/, "a".repeat(32)));
  await saveRun(repo, other, silentLogger);
  await saveRun(repo, entry, silentLogger);
  const folder = join(repo.cacheFolder, "runs", "eb", copyKey);
  await utimes(join(folder, copyValue), 1, 1);
  await writeFile(join(folder, "tmp"), "x");
  expect(await findRun(repo, entry, silentLogger)).toEqual(other);
});

test("a damaged entry is removed and said, and the stage counts as never run", async () => {
  const repo = await repository();
  const path = join(repo.cacheFolder, "runs", "eb", copyKey, copyValue);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "cmd: [");
  const told: string[] = [];
  const logger = createLogger((_, message) => told.push(message));
  expect(await findRun(repo, lockedStage(copyEntry), logger)).toBeUndefined();
  expect(await readdir(dirname(path))).toEqual([]);
  expect(told[0]).toMatch(/^a damaged entry of the run-cache was removed: Expected /);
});

test("nothing is kept of stages whose inputs do not say all of their outputs", () => {
  const out = { path: "o", isCached: true, isPersistent: false, isPushed: true, kind: "out" } as const;
  const stage: Stage = {
    name: "s",
    file: "dvc.yaml",
    workFolder: "",
    cmd: "c",
    deps: ["d"],
    params: [],
    outs: [out],
    isFrozen: false,
    alwaysChanged: false,
  };
  expect(canBeCached(stage)).toBe(true);
  expect(canBeCached({ ...stage, deps: [], params: [{ file: "params.yaml", keys: [] }] })).toBe(true);
  expect(canBeCached({ ...stage, deps: [] })).toBe(false);
  expect(canBeCached({ ...stage, outs: [] })).toBe(false);
  expect(canBeCached({ ...stage, alwaysChanged: true })).toBe(false);
  expect(canBeCached({ ...stage, outs: [{ ...out, isPersistent: true }] })).toBe(false);
  expect(canBeCached({ ...stage, outs: [{ ...out, path: "../o" }] })).toBe(false);
});
