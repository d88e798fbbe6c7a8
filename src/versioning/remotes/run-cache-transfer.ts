/** The records of past runs of stages, `.dvc/cache/runs/`, between cache and remote. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { forEachInParallel } from "../../image/in-parallel.ts";
import { readBytesOf } from "../../storage/object-store.ts";
import type { Repository } from "../repo/repository.ts";
import type { TransferOptions } from "./fetch-objects.ts";
import type { Remote } from "./open-remote.ts";

/** `runs/ab/ab12.../cd34...`: what a stage ran with, then what it made. */
const recordKey = /^runs\/[0-9a-f]{2}\/[0-9a-f]{64}\/[0-9a-f]{64}$/;

/** A record is a small text; anything larger is none. */
const largestRecord = 16 * 2 ** 20;

/** Sends the records that the remote lacks; their number. Errors: STORE_FAILED, FILE_READ_FAILED. */
export async function pushRunCache(
  { cacheFolder }: Repository,
  { store, jobs: ofRemote }: Remote,
  { signal, jobs = ofRemote }: TransferOptions,
): Promise<number> {
  const options = signal === undefined ? {} : { signal };
  const there = new Set<string>();
  for await (const { key } of store.list("runs/", options)) there.add(key);
  const keys = (await recordsIn(cacheFolder)).filter((key) => !there.has(key));
  const send = async (key: string): Promise<void> => {
    await store.write(key, await readFile(join(cacheFolder, key)), options);
  };
  await forEachInParallel(keys, send, { concurrency: jobs, signal });
  return keys.length;
}

/** Fetches the records that the cache lacks; their number. Errors: STORE_FAILED, FILE_WRITE_FAILED. */
export async function fetchRunCache(
  { cacheFolder }: Repository,
  { store, jobs: ofRemote }: Remote,
  { signal, jobs = ofRemote }: TransferOptions,
): Promise<number> {
  const options = signal === undefined ? {} : { signal };
  const here = new Set(await recordsIn(cacheFolder));
  const keys: string[] = [];
  for await (const { key, sizeBytes } of store.list("runs/", options)) {
    if (recordKey.test(key) && !here.has(key) && sizeBytes <= largestRecord) keys.push(key);
  }
  const receive = async (key: string): Promise<void> => {
    const path = join(cacheFolder, key);
    await ensureFolder(join(path, ".."));
    await writeFileAtomic(path, await readBytesOf(store, key, options), { force: true });
  };
  await forEachInParallel(keys, receive, { concurrency: jobs, signal });
  return keys.length;
}

async function recordsIn(cacheFolder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(cacheFolder, "runs"), { recursive: true });
    return names.map((name) => `runs/${name.replaceAll("\\", "/")}`).filter((key) => recordKey.test(key));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw readFailure(join(cacheFolder, "runs"), error);
  }
}
