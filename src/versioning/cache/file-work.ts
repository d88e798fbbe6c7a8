/**
 * Work on one file after another, with synchronous calls: in a thread that is several times faster
 * for many small files than promises are. What is read is hashed on the way, so that content gets
 * the name of the bytes that were written, and no other.
 */
import { createHash, type Hash } from "node:crypto";
import * as fs from "node:fs";
import { AppError } from "../../base/errors.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import type { DataHash } from "../data-hash.ts";
import { isSettled, stampOf } from "./file-stamp.ts";
import {
  copyHashed,
  copyWithMode,
  linkObject,
  renameInto,
  temporaryIn,
  writeAll,
  writeThenRename,
} from "./place-file.ts";
import {
  changedMeanwhile,
  chunkBytes,
  notRegular,
  openToRead,
  ownChunk,
  readPieces,
  readSteadily,
} from "./read-steadily.ts";
import { linksBack, objectIn, type WorkPlace } from "./work-place.ts";

export type FileTask =
  | { readonly kind: "hash"; readonly path: string; readonly algorithm: DataHash["algorithm"] }
  | { readonly kind: "store"; readonly path: string }
  | {
      readonly kind: "check-out";
      readonly path: string;
      readonly hash: DataHash;
      readonly object: string;
      readonly mode: number;
    };

export interface FileResult {
  readonly md5: string;
  readonly sizeBytes: number;
  /** After the work. */
  readonly stamp: string;
  /** False where the file may still change without another stamp. */
  readonly isSettled: boolean;
  /** Of a store: whether the object is new. */
  readonly isNew?: boolean;
  /** Of a check-out that failed: the object's content has another hash. */
  readonly corrupt?: string;
}

export function doTask(task: FileTask, place: WorkPlace): FileResult {
  if (task.kind === "hash") return hashFile(task.path, task.algorithm);
  return task.kind === "store" ? storeFile(task.path, place) : checkOutFile(task, place);
}

function hashFile(path: string, algorithm: DataHash["algorithm"]): FileResult {
  const { value, stats } = readSteadily(path, (handle, size) => {
    const hash = createHash("md5");
    if (algorithm === "md5") readPieces(handle, size, (piece) => hash.update(piece));
    else hashAsUnix(handle, size, hash);
    return hash.digest("hex");
  });
  return result(value, stats);
}

function result(md5: string, stats: fs.BigIntStats): FileResult {
  return { md5, sizeBytes: Number(stats.size), stamp: stampOf(stats), isSettled: isSettled(stats, Date.now()) };
}

/** DVC 2: of text, which the first 512 bytes decide, CR LF counts as LF within each piece of 1 MiB. */
function hashAsUnix(handle: number, size: number, hash: Hash): void {
  let isText: boolean | undefined;
  readPieces(handle, size, (piece) => {
    isText ??= looksLikeText(piece.subarray(0, 512));
    hash.update(isText ? Buffer.from(piece.toString("latin1").replaceAll("\r\n", "\n"), "latin1") : piece);
  });
}

function looksLikeText(block: Uint8Array): boolean {
  if (block.includes(0)) return false;
  const others = block.filter((byte) => !(byte >= 32 && byte < 127) && ![8, 9, 10, 12, 13].includes(byte));
  return others.length <= 0.3 * block.length;
}

/** The content is in the cache afterwards, and the file is linked from there where that is wanted. */
function storeFile(path: string, place: WorkPlace): FileResult {
  const { value, stats } = readSteadily(path, (handle, size) =>
    size <= chunkBytes ? storeSmall(handle, size, place) : storeLarge(handle, size, place),
  );
  const { md5, isNew } = value;
  const object = objectIn(place, md5);
  const linked = linkBack(path, object, stats, place);
  return { ...result(md5, linked ?? stats), isNew };
}

interface Stored {
  readonly md5: string;
  readonly isNew: boolean;
}

function storeSmall(handle: number, sizeBytes: number, place: WorkPlace): Stored {
  const buffer = ownChunk();
  let count = 0;
  while (count < sizeBytes) {
    const more = fs.readSync(handle, buffer, count, buffer.length - count, null);
    if (more === 0) break;
    count += more;
  }
  const bytes = buffer.subarray(0, count);
  const md5 = createHash("md5").update(bytes).digest("hex");
  return { md5, isNew: putBytes(md5, bytes, place) };
}

/**
 * True where the object was not there, or damaged. Where links to it replace files, which may be the
 * last whole copy of it, it is read again. Errors: FILE_WRITE_FAILED.
 */
export function putBytes(name: string, bytes: Uint8Array, place: WorkPlace): boolean {
  const object = objectIn(place, name);
  if (hasObject(object, bytes.byteLength) && (!linksBack(place) || fs.readFileSync(object).equals(bytes))) return false;
  writeThenRename(object, place.objectTemp, place.objectMode, (handle) => writeAll(handle, bytes));
  return true;
}

/** An object of another size is damaged, and written again. */
export function hasObject(object: string, sizeBytes: number): boolean {
  const stats = fs.statSync(object, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size === sizeBytes;
}

function storeLarge(handle: number, size: number, place: WorkPlace): Stored {
  const temporary = temporaryIn(place.objectTemp);
  try {
    const to = { path: temporary, mode: place.objectMode, isDurable: linksBack(place) };
    const { md5, sizeBytes } = copyHashed(handle, size, to);
    const object = objectIn(place, md5);
    if (hasObject(object, sizeBytes) && (!linksBack(place) || hashFile(object, "md5").md5 === md5)) {
      return { md5, isNew: false };
    }
    renameInto(temporary, object);
    return { md5, isNew: true };
  } catch (error) {
    throw systemCodeOf(error) === undefined ? error : writeFailure(place.objects, error);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** The stats of the link that took the file's place; undefined where it stays a file of its own. */
function linkBack(path: string, object: string, stats: fs.BigIntStats, place: WorkPlace): fs.BigIntStats | undefined {
  if (!linksBack(place)) return undefined;
  const at = fs.lstatSync(path, { bigint: true });
  // What was written since it was read is not in the cache, and would be lost.
  if (stampOf(fs.statSync(path, { bigint: true })) !== stampOf(stats)) throw changedMeanwhile(path);
  if (at.isSymbolicLink() ? fs.readlinkSync(path) === object : at.ino === fs.statSync(object, { bigint: true }).ino) {
    return undefined;
  }
  linkObject(object, path, place, Number(stats.size), modeOf(stats));
  return fs.statSync(path, { bigint: true });
}

function modeOf({ mode }: fs.BigIntStats): number {
  return (mode & 0o100n) === 0n ? 0o666 : 0o777;
}

/** Brings content out of the cache, and hashes it before the file gets its name. */
function checkOutFile(
  { path, hash, object, mode }: Extract<FileTask, { kind: "check-out" }>,
  place: WorkPlace,
): FileResult {
  const isLink =
    place.linkTypes.some((type) => type === "hardlink" || type === "symlink") && place.linkTypes[0] !== "copy";
  const found = isLink ? undefined : copyChecked(path, hash, object, mode, place);
  if (found !== undefined) return found;
  const checked = hashFile(object, hash.algorithm);
  if (checked.md5 !== hash.md5) return { ...checked, corrupt: checked.md5 };
  linkObject(object, path, place, checked.sizeBytes, mode);
  return { ...result(hash.md5, fs.statSync(path, { bigint: true })) };
}

/** A copy, or where the file system has them a reflink. Undefined where DVC 2's hash needs the other way. */
function copyChecked(
  path: string,
  hash: DataHash,
  object: string,
  mode: number,
  place: WorkPlace,
): FileResult | undefined {
  if (hash.algorithm !== "md5") return undefined;
  if (place.linkTypes[0] === "reflink" && canReflink !== false) {
    const checked = reflinkChecked(path, hash, object, mode, place);
    if (checked !== undefined) return checked;
  }
  if (!place.linkTypes.includes("copy")) return undefined;
  const temporary = temporaryIn(place.fileTemp);
  let isPlaced = false;
  try {
    const checked = copyObject(object, { path: temporary, mode, isDurable: false });
    if (checked.md5 !== hash.md5) return { ...checked, stamp: "", isSettled: false, corrupt: checked.md5 };
    renameInto(temporary, path);
    isPlaced = true;
    return result(checked.md5, fs.lstatSync(path, { bigint: true }));
  } catch (error) {
    throw systemCodeOf(error) === undefined ? error : writeFailure(path, error);
  } finally {
    // Looking for one that is not there takes a tenth of the time.
    if (!isPlaced) fs.rmSync(temporary, { force: true });
  }
}

function copyObject(object: string, to: Parameters<typeof copyHashed>[2]): ReturnType<typeof copyHashed> {
  const source = openToRead(object);
  try {
    const stats = fs.fstatSync(source);
    if (!stats.isFile()) throw notRegular(object);
    return copyHashed(source, stats.size, to);
  } finally {
    fs.closeSync(source);
  }
}

/** Undefined until the first attempt told. */
let canReflink: boolean | undefined;

function reflinkChecked(
  path: string,
  hash: DataHash,
  object: string,
  mode: number,
  place: WorkPlace,
): FileResult | undefined {
  const temporary = temporaryIn(place.fileTemp);
  let isPlaced = false;
  try {
    copyWithMode(object, temporary, mode, fs.constants.COPYFILE_FICLONE_FORCE);
    canReflink = true;
    const checked = hashFile(temporary, "md5");
    if (checked.md5 !== hash.md5) return { ...checked, corrupt: checked.md5 };
    renameInto(temporary, path);
    isPlaced = true;
    return result(hash.md5, fs.lstatSync(path, { bigint: true }));
  } catch (error) {
    if (error instanceof AppError || systemCodeOf(error) === "ENOENT") throw error;
    canReflink = false;
    return undefined;
  } finally {
    if (!isPlaced) fs.rmSync(temporary, { force: true });
  }
}
