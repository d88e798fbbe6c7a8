/** Tells what kind of archive a file is, from its first bytes before its name. */
import { open } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { readFailure } from "../../../base/files/file-failure.ts";

export type ArchiveKind = "zip" | "tar";

/**
 * Enough for a gzip header and the first block of a tar behind it; such a piece unpacks to 4 MB at
 * most.
 */
const startBytes = 4096;

/** A zip begins with its first entry, an empty one with the record at its end (APPNOTE 6.3). */
const zipStarts = ["PK\x03\x04", "PK\x05\x06"];

/**
 * "tar" also for one packed by gzip; undefined for a file that is no such archive by its content
 * nor by its name.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function archiveKindOf(location: string): Promise<ArchiveKind | undefined> {
  const start = await readStart(location);
  if (zipStarts.includes(start.toString("latin1", 0, 4))) return "zip";
  if (isTarStart(isGzipStart(start) ? unpackStart(start) : start)) return "tar";
  if (/\.zip$/i.test(location)) return "zip";
  return /\.(tar|tgz|tar\.gz)$/i.test(location) ? "tar" : undefined;
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

async function readStart(location: string): Promise<Buffer> {
  try {
    const handle = await open(location);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(startBytes), 0, startBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw readFailure(location, error);
  }
}
