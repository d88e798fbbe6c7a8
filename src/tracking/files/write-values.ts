/** Params and tags of a run as files, each whole or not there. */
import { dirname, join } from "node:path";
import { describeValue } from "../../base/describe-value.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readKey, requireRoom } from "./keyed-files.ts";
import type { RunFolder } from "./run-folder.ts";

type Values = ReadonlyMap<string, string>;

/** Checks what `writeParams` and `writeTags` would refuse. Errors: TRACKING_VALUE_INVALID, PARAM_CHANGED. */
export function requireWritable(run: RunFolder, params: Values, tags: Values): void {
  requireRoom("parameter", join(run.path, "params"), new Set(params.keys()));
  requireRoom("tag", join(run.path, "tags"), new Set(tags.keys()));
  for (const [key, value] of params) requireSame(run, key, value);
}

/** The first value of a key stands, also between processes. Errors: PARAM_CHANGED. */
export async function writeParams(run: RunFolder, params: Values): Promise<void> {
  await writeEach(run, "params", params, async (path, key, value) => {
    try {
      await writeFileAtomic(path, value, { temporaryIn: run.path });
    } catch (error) {
      if (!isAppError(error, "FILE_EXISTS")) throw error;
      requireSame(run, key, value);
    }
  });
}

/** The last value of a key stands. */
export async function writeTags(run: RunFolder, tags: Values): Promise<void> {
  await writeEach(run, "tags", tags, async (path, _key, value) => {
    await writeFileAtomic(path, value, { temporaryIn: run.path, force: true });
  });
}

/** Files that are flushed to the disk at once; one after the other each would wait for it. */
const atOnce = 16;

async function writeEach(
  run: RunFolder,
  name: "params" | "tags",
  values: Values,
  write: (path: string, key: string, value: string) => Promise<void>,
): Promise<void> {
  const folder = join(run.path, name);
  const changes = [...values].filter(([key, value]) => readKey(folder, key) !== value);
  if (changes.length === 0) return;
  for (const path of new Set(changes.map(([key]) => dirname(join(folder, key))))) await ensureFolder(path);
  const next = changes.values();
  const work = async (): Promise<void> => {
    for (const [key, value] of next) await write(join(folder, key), key, value);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, changes.length) }, work));
}

function requireSame(run: RunFolder, key: string, value: string): void {
  const there = readKey(join(run.path, "params"), key);
  if (there === undefined || there === value) return;
  throw new AppError("PARAM_CHANGED", {
    required: `the value that is there, ${describeValue(there)}, for the parameter ${key}`,
    received: describeValue(value),
    where: `run ${run.meta.id}`,
    hint: "start a new run for other settings",
  });
}
