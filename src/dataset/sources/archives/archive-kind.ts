/** Tells what kind of archive a file is, from its bytes before its name. */
import type { FileHandle } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { withFile } from "../stamped-file.ts";
import { findZipEnd } from "./zip-end.ts";

export type ArchiveKind = "zip" | "tar";

/**
 * Enough for a gzip header and the first block of a tar behind it; such a piece unpacks to 4 MB at
 * most.
 */
const startBytes = 4096;

/**
 * A zip begins with its first entry, an empty one with the record at its end, the first of several
 * parts with a mark (APPNOTE 6.3).
 */
const zipStarts = ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"];

/** Of Windows, Linux, and a shell: such a program may have a zip behind it that it unpacks. */
const programStart = /^(MZ|.ELF|#!)/;

/**
 * "tar" also for one packed by gzip; undefined for a file that is no such archive by its content
 * nor by its name.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function archiveKindOf(location: string): Promise<ArchiveKind | undefined> {
  return withFile(location, async (handle) => {
    const start = await startOf(handle);
    const text = start.toString("latin1", 0, 4);
    if (zipStarts.includes(text)) return "zip";
    if (isTarStart(isGzipStart(start) ? unpackStart(start) : start)) return "tar";
    if (/\.(zip|z\d\d|zip\.\d+)$/i.test(location)) return "zip";
    if (/\.(tar|tgz|tar\.gz)$/i.test(location)) return "tar";
    const isZip = programStart.test(text) && (await findZipEnd(handle, (await handle.stat()).size)) !== undefined;
    return isZip ? "zip" : undefined;
  });
}

/** The first bytes of a file. Errors: FILE_NOT_FOUND, FILE_READ_FAILED. */
export function readStart(location: string): Promise<Buffer> {
  return withFile(location, startOf);
}

/** The magic number of RFC 1952. */
export function isGzipStart(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** POSIX and GNU write "ustar" into each header, at byte 257. */
function isTarStart(start: Buffer): boolean {
  return start.toString("latin1", 257, 262) === "ustar";
}

function unpackStart(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Damaged from its first bytes on: nothing tells that there was a tar in it.
    return Buffer.alloc(0);
  }
}

async function startOf(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(startBytes), 0, startBytes, 0);
  return buffer.subarray(0, bytesRead);
}
