/** Keys as files: `a/b` is the file b of the folder a, below `metrics`, `params` or `tags`. */
import { rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeValue } from "../../base/describe-value.ts";
import { AppError } from "../../base/errors.ts";
import { type KeyKind, runKeyFault } from "../run-rules.ts";
import { entriesOf, kindOf, readPlainText } from "./plain-files.ts";

/** Deeper folders than a key of 250 characters can have are no keys. */
const deepest = 125;

/** The keys below a folder that is no link itself; names that no key can have are passed over. */
export function keysBelow(folder: string): string[] {
  const keys: string[] = [];
  const walk = (path: string, prefix: string, depth: number): void => {
    for (const entry of entriesOf(path)) {
      const key = prefix + entry.name;
      if (entry.isFile()) {
        if (runKeyFault(key) === undefined) keys.push(key);
      } else if (entry.isDirectory() && depth < deepest) walk(join(path, entry.name), `${key}/`, depth + 1);
    }
  };
  if (kindOf(folder) === "folder") walk(folder, "", 0);
  return keys;
}

/** Whether the folders between `folder` and the key's file are none that lead elsewhere. */
export function isBelow(folder: string, key: string): boolean {
  for (let slash = key.indexOf("/"); slash >= 0; slash = key.indexOf("/", slash + 1)) {
    if (kindOf(join(folder, key.slice(0, slash))) !== "folder") return false;
  }
  return true;
}

/** The value of one key; undefined where it has none. */
export function readKey(folder: string, key: string): string | undefined {
  if (runKeyFault(key) !== undefined || !isBelow(folder, key)) return undefined;
  return readPlainText(join(folder, key));
}

/**
 * Refuses keys that have no room beside each other or beside those that are there: in a folder a key
 * cannot be the folder of another one. Errors: TRACKING_VALUE_INVALID, naming both.
 */
export function requireRoom(kind: KeyKind, folder: string, keys: ReadonlySet<string>): void {
  for (const key of keys) {
    const parts = key.split("/");
    const long = parts.find((part) => Buffer.byteLength(part) > 255);
    if (long !== undefined) {
      throw new AppError("TRACKING_VALUE_INVALID", {
        required: `a ${kind}'s key with parts of at most 255 bytes, the limit of files' names`,
        received: `${describeValue(key)} with ${Buffer.byteLength(long)} bytes`,
        where: folder,
      });
    }
    for (let count = 1; count < parts.length; count++) {
      const prefix = parts.slice(0, count).join("/");
      const found = keys.has(prefix) ? "file" : kindOf(join(folder, prefix));
      if (found === "file") throw noRoom(kind, folder, prefix, key);
      if (found === "other") throw isLink(join(folder, prefix));
    }
    const found = kindOf(join(folder, key));
    if (found === "other") throw isLink(join(folder, key));
    if (found === "folder" && !removeEmpty(join(folder, key)))
      throw noRoom(kind, folder, key, `${key}/${keysBelow(join(folder, key))[0] ?? "…"}`);
  }
}

/** Removes folders that hold no file, as deleted tags leave them; false where one does. */
function removeEmpty(folder: string): boolean {
  const entries = entriesOf(folder);
  if (!entries.every((entry) => entry.isDirectory() && removeEmpty(join(folder, entry.name)))) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // written to meanwhile
  }
}

/** Removes the empty folders from that of `path` up to `folder`, which stays. */
export function removeEmptyParents(path: string, folder: string): void {
  for (let parent = dirname(path); parent.length > folder.length; parent = dirname(parent)) {
    if (!removeEmpty(parent)) return;
  }
}

function noRoom(kind: KeyKind, folder: string, key: string, below: string): AppError {
  return new AppError("TRACKING_VALUE_INVALID", {
    required: `${kind}s that are not the folder of another one`,
    received: `'${key}' and '${below}'`,
    where: folder,
    hint: "rename one of them: a folder of runs keeps each in a file of its own",
  });
}

function isLink(path: string): AppError {
  return new AppError("RUN_STORE_INVALID", {
    required: "a file or folder of its own",
    received: "a symbolic link or a device",
    where: path,
  });
}
