/** Reads entries of a zip file where they lie; nothing is unpacked to the disk. */
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { isAppError } from "../../../base/errors.ts";
import { openRegularFile } from "../../../base/files/regular-file.ts";
import { pictureLimits, tooManyBytes } from "../../../image/decode.ts";
import { requireStamp, stampOf } from "../stamped-file.ts";
import { archiveCorrupt, archiveUnsupported, entryLocked, entryUnreadable } from "./archive-errors.ts";
import type { ArchiveFile } from "./archive-file.ts";
import { encrypted, listZip, localHeaderBytes, type ZipEntry } from "./zip-entries.ts";

const inflate = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw);

export interface ZipOptions {
  /** Of names about which the archive says nothing. */
  readonly nameEncoding?: string;
}

/**
 * Opens a zip (also zip64, also behind the program of a self-extracting one) and lists its files.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, CONFIG_INVALID for an unknown encoding; ARCHIVE_CORRUPT
 * where the archive is cut off, its directory is damaged or its entries overlap; ARCHIVE_LIMIT where
 * it unpacks to too much, by `unpackedLimitOf`; ARCHIVE_UNSUPPORTED for one in several
 * parts, or of which nothing can be unpacked: all encrypted, or packed by other methods.
 */
export async function openZip(location: string, { nameEncoding }: ZipOptions = {}): Promise<ArchiveFile<ZipEntry>> {
  const handle = await openRegularFile(location);
  try {
    const stats = await handle.stat({ bigint: true });
    const stamp = stampOf(stats);
    const sizeBytes = Number(stats.size);
    const { entries, ...listed } = await listZip(handle, sizeBytes, location, nameEncoding);
    requireUnlocked(entries, location);
    return {
      entries,
      ...listed,
      stampOf: (entry) => `${entry.crc32.toString(16).padStart(8, "0")}-${entry.sizeBytes}`,
      read: async (entry) => {
        const where = `${location}: ${entry.name}`;
        const content = await readEntry(handle, sizeBytes, entry, where).catch((error: unknown) => error);
        // An entry that looks damaged in an archive that was written to meanwhile says nothing
        // about the picture.
        await requireStamp(handle, stamp, location);
        if (content instanceof Uint8Array) return content;
        throw isAppError(content) ? content : entryUnreadable(where, content);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw isAppError(error) ? error : archiveCorrupt("zip", "'unzip -t' tests an archive", location, error);
  }
}

/** An archive of which nothing can be unpacked is refused at once. */
function requireUnlocked(entries: readonly ZipEntry[], location: string): void {
  const [first] = entries;
  if (first?.lock === undefined || entries.some(({ lock }) => lock === undefined)) return;
  if (first.lock === "encrypted") throw encrypted(location);
  const hint = "unpack it and name the folder, or pack it again with deflate";
  throw archiveUnsupported(`${entries.length} entries ${first.lock}`, hint, location);
}

async function readEntry(handle: FileHandle, archiveBytes: number, entry: ZipEntry, where: string): Promise<Buffer> {
  const { sizeBytes, packedBytes, isStored, lock, endsBefore } = entry;
  if (Math.max(sizeBytes, packedBytes) > pictureLimits.sizeBytes) {
    throw tooManyBytes(Math.max(sizeBytes, packedBytes), where);
  }
  if (lock !== undefined) throw entryLocked(`one that is ${lock}`, where);
  const dataAt = await findData(handle, entry.headerAt);
  const there = Math.max(0, Math.min(archiveBytes, endsBefore) - dataAt);
  if (packedBytes > there) throw new Error(`${packedBytes} bytes were promised and ${there} are there`);
  const packed = Buffer.allocUnsafe(packedBytes);
  const { bytesRead } = await handle.read(packed, 0, packedBytes, dataAt);
  if (bytesRead < packedBytes) throw new Error(`${packedBytes} bytes were promised and ${bytesRead} are there`);
  const bytes = isStored ? packed : await inflate(packed, { maxOutputLength: Math.max(1, sizeBytes) });
  if (bytes.length !== sizeBytes) throw new Error(`${bytes.length} bytes instead of ${sizeBytes}`);
  if (crc32(bytes) !== entry.crc32) throw new Error("a wrong checksum");
  return bytes;
}

/**
 * Where an entry's data begin: behind its local header, whose two last fields are of any length
 * (APPNOTE 6.3, 4.3.7).
 */
async function findData(handle: FileHandle, headerAt: number): Promise<number> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(localHeaderBytes), 0, localHeaderBytes, headerAt);
  if (bytesRead < localHeaderBytes || buffer.readUInt32LE(0) !== 0x04034b50)
    throw new Error("no local header at the stated position");
  return headerAt + localHeaderBytes + buffer.readUInt16LE(26) + buffer.readUInt16LE(28);
}
