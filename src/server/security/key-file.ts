/** The file of API keys: changed by commands under a lock, watched by services. */
import { chmod, readFile, stat } from "node:fs/promises";
import { AppError, toAppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import type { Logger } from "../../base/logger.ts";
import { shellPath } from "../../base/shell-word.ts";
import { type ApiKey, createKey, type NewKey, parseKeyFile, renderKeyFile } from "./api-keys.ts";

/** The keys of a file; none where there is no such file. Errors: KEYS_INVALID, FILE_READ_FAILED. */
export async function readKeys(path: string): Promise<readonly ApiKey[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw readFailure(path, error);
  });
  return text === undefined ? [] : parseKeyFile(text, path);
}

/**
 * Adds a key and gives it with the text that its holder sends. Errors: KEYS_INVALID, LOCKED, FILE_WRITE_FAILED.
 */
export async function addKey(path: string, wanted: NewKey, now: Date) {
  const made = createKey(wanted, now);
  await changeKeys(path, (keys) => [...keys, made.key]);
  return made;
}

/** Revokes the key with this id. Errors: KEY_UNKNOWN, KEYS_INVALID, LOCKED, FILE_WRITE_FAILED. */
export async function revokeKey(path: string, id: string, now: Date): Promise<ApiKey> {
  let revoked: ApiKey | undefined;
  await changeKeys(path, (keys) =>
    keys.map((key) => {
      if (key.id !== id) return key;
      revoked = { ...key, revokedAt: key.revokedAt ?? now.toISOString() };
      return revoked;
    }),
  );
  if (revoked !== undefined) return revoked;
  throw new AppError("KEY_UNKNOWN", {
    required: "the id of a key in the file",
    received: `'${id}'`,
    where: path,
    hint: `see the ids with: pawprint keys list --file ${shellPath(path)}`,
  });
}

async function changeKeys(path: string, change: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> {
  await withLock(`${path}.lock`, async () => {
    await writeFileAtomic(path, renderKeyFile(change(await readKeys(path))), { force: true });
    await chmod(path, 0o600);
  });
}

export interface WatchedKeys {
  /** By id. */
  readonly keys: ReadonlyMap<string, ApiKey>;
  close(): void;
}

/**
 * The keys of a file that must exist, read again whenever it changes. When it can no longer be read
 * the last keys stay valid, and the log says so. Errors, at the first reading:
 * FILE_NOT_FOUND, KEYS_INVALID, FILE_READ_FAILED.
 */
export async function watchKeys(path: string, logger: Logger, pollMs = 1000): Promise<WatchedKeys> {
  const stampOf = async (): Promise<string> => {
    const { size, mtimeMs, ino } = await stat(path).catch((error: unknown) => {
      throw readFailure(path, error);
    });
    return `${size} ${mtimeMs} ${ino}`;
  };
  const load = async () => new Map((await readKeys(path)).map((key) => [key.id, key]));
  let stamp = await stampOf();
  let keys: ReadonlyMap<string, ApiKey> = await load();
  let fault = "";
  let isLooking = false;
  const look = async (): Promise<void> => {
    // On a slow disk one look may outlast the interval.
    if (isLooking) return;
    isLooking = true;
    try {
      const current = await stampOf();
      if (current === stamp) return;
      keys = await load();
      stamp = current;
      fault = "";
      logger.info("the API keys were read again", { keys: keys.size });
    } catch (error) {
      const { code, message } = toAppError(error);
      if (message !== fault)
        logger.error("the API keys cannot be read; the last ones stay valid", { code, error: message });
      fault = message;
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), pollMs).unref();
  return {
    get keys() {
      return keys;
    },
    close: () => clearInterval(timer),
  };
}
