/** Giving a file its name: written or linked under a temporary one first, so that it is replaced whole. */
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join, sep } from "node:path";
import { AppError } from "../../base/errors.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import { copiedBytes, readPieces } from "./read-steadily.ts";
import type { WorkPlace } from "./work-place.ts";

/** Of this thread; random bytes for each file would take a tenth of its time. */
const ownName = randomBytes(8).toString("hex");
let temporaries = 0;

export function temporaryIn(folder: string): string {
  return `${folder}${sep}${ownName}-${temporaries++}.tmp`;
}

function openNew(path: string, mode: number): number {
  try {
    return fs.openSync(path, "wx", mode);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    fs.mkdirSync(dirname(path), { recursive: true });
    return fs.openSync(path, "wx", mode);
  }
}

export function renameInto(temporary: string, path: string): void {
  try {
    fs.renameSync(temporary, path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== "ENOENT" && code !== "EXDEV") throw error;
    fs.mkdirSync(dirname(path), { recursive: true });
    if (code === "ENOENT") fs.renameSync(temporary, path);
    else moveAcross(temporary, path);
  }
}

/** To another file system: copied beside the file first. */
function moveAcross(temporary: string, path: string): void {
  const near = join(dirname(path), `.pawprint-${randomBytes(6).toString("hex")}.tmp`);
  try {
    if (fs.lstatSync(temporary).isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(temporary), near);
    else fs.copyFileSync(temporary, near, fs.constants.COPYFILE_EXCL);
    fs.renameSync(near, path);
    fs.rmSync(temporary, { force: true });
  } finally {
    fs.rmSync(near, { force: true });
  }
}

export function writeThenRename(path: string, folder: string, mode: number, write: (handle: number) => void): void {
  const temporary = temporaryIn(folder);
  try {
    const handle = openNew(temporary, mode);
    try {
      write(handle);
    } finally {
      fs.closeSync(handle);
    }
    renameInto(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw systemCodeOf(error) === undefined ? error : writeFailure(path, error);
  }
}

/** What file systems answer to a kind of link that they do not have. */
const unsupportedCodes = new Set("EXDEV ENOTSUP EOPNOTSUPP EPERM ENOSYS EMLINK EINVAL ENOTTY".split(" "));

/**
 * Makes `path` the object, by the first link type that the file system supports; under a temporary
 * name first, so that a file that is there is replaced whole. Errors: DATA_LINK_UNSUPPORTED.
 */
export function linkObject(object: string, path: string, place: WorkPlace, sizeBytes: number, mode: number): void {
  const temporary = temporaryIn(place.fileTemp);
  let refusal: unknown;
  for (const type of place.linkTypes) {
    try {
      if (type === "symlink") fs.symlinkSync(object, temporary);
      // Of an empty file nothing is saved, and many links to one inode are slow.
      else if (type === "hardlink" && sizeBytes > 0) fs.linkSync(object, temporary);
      else copyWithMode(object, temporary, mode, type === "reflink" ? fs.constants.COPYFILE_FICLONE_FORCE : 0);
      renameInto(temporary, path);
      return;
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      if (!unsupportedCodes.has(systemCodeOf(error) ?? "")) throw writeFailure(path, error);
      refusal = error;
    }
  }
  throw new AppError("DATA_LINK_UNSUPPORTED", {
    required: `a file system with one of the link types ${place.linkTypes.join(", ")}`,
    received: systemCodeOf(refusal) ?? "none",
    where: `${object} to ${path}`,
    cause: refusal,
  });
}

/** `mode` as of a file that is made: less the process's umask. */
export function copyWithMode(from: string, to: string, mode: number, flags: number): void {
  fs.copyFileSync(from, to, flags | fs.constants.COPYFILE_EXCL);
  fs.chmodSync(to, mode & ~ownUmask());
}

let umask: number | undefined;

/** Asked for once: for as long as it is read it is 0, for the files of other threads too. */
function ownUmask(): number {
  umask ??= process.umask();
  return umask;
}

/**
 * Copies from one handle into a new file, until `size` bytes were read, and hashes what it writes.
 * What is durable is on the disk afterwards.
 */
export function copyHashed(
  handle: number,
  size: number,
  to: { readonly path: string; readonly mode: number; readonly isDurable: boolean },
): { readonly md5: string; readonly sizeBytes: number } {
  const digest = createHash("md5");
  let sizeBytes = 0;
  const out = openNew(to.path, to.mode);
  try {
    const copy = (piece: Buffer): void => {
      digest.update(piece);
      sizeBytes += piece.length;
      writeAll(out, piece);
    };
    readPieces(handle, size, copy, copiedBytes);
    if (to.isDurable) fs.fsyncSync(out);
  } finally {
    fs.closeSync(out);
  }
  return { md5: digest.digest("hex"), sizeBytes };
}

export function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength; ) at += fs.writeSync(handle, bytes, at);
}
