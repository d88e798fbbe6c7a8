/** Finds the record at the end of a zip, from which everything else is found (APPNOTE 6.3, 4.3.16). */
import type { FileHandle } from "node:fs/promises";

export interface ZipEnd {
  /** Where the archive begins: above 0 behind the program of a self-extracting one. */
  readonly startAt: number;
  /** Where the record and its comment end. */
  readonly endAt: number;
  /** The number of this part, counted from 0, of an archive in several. */
  readonly part: number;
}

const recordBytes = 22;
const commentLimitBytes = 0xffff;
const recordMark = 0x06054b50;
const directoryMark = 0x02014b50;
/** In a field: the number is in another record (zip64). */
const elsewhere = 0xffffffff;

/**
 * The end record of a zip file; undefined where there is none, as in a file that is cut off. Behind
 * it only zeros and white space are passed over, and only a file that does not begin as a zip may
 * have something in front: else the record of a zip inside a zip could pass for that of the whole.
 */
export async function findZipEnd(handle: FileHandle, sizeBytes: number): Promise<ZipEnd | undefined> {
  const tailBytes = Math.min(sizeBytes, recordBytes + commentLimitBytes);
  const tailAt = sizeBytes - tailBytes;
  const { buffer: tail } = await handle.read(Buffer.alloc(tailBytes), 0, tailBytes, tailAt);
  for (let at = tailBytes - recordBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== recordMark) continue;
    const end = at + recordBytes + tail.readUInt16LE(at + 20);
    if (end > tailBytes || !isBlank(tail.subarray(end))) continue;
    const startAt = await findStart(handle, tail.subarray(at, end), tailAt + at);
    if (startAt !== undefined) return { startAt, endAt: tailAt + end, part: tail.readUInt16LE(at + 4) };
  }
  return undefined;
}

/** Undefined for a record that does not lie behind the directory that it tells of. */
async function findStart(handle: FileHandle, record: Buffer, recordAt: number): Promise<number | undefined> {
  const [part, entries] = [record.readUInt16LE(4), record.readUInt16LE(10)];
  const [directoryBytes, directoryAt] = [record.readUInt32LE(12), record.readUInt32LE(16)];
  if (part > 0 || entries === 0 || directoryBytes === elsewhere || directoryAt === elsewhere) return 0;
  const startAt = recordAt - directoryBytes - directoryAt;
  if (startAt === 0) return 0;
  const isSelfExtracting =
    startAt > 0 &&
    (await markAt(handle, startAt + directoryAt)) === directoryMark &&
    (await markAt(handle, 0)) !== 0x04034b50;
  // A zip64 record may stand between directory and end although no field needs it.
  return isSelfExtracting ? startAt : (await markAt(handle, directoryAt)) === directoryMark ? 0 : undefined;
}

async function markAt(handle: FileHandle, position: number): Promise<number> {
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, position);
  return buffer.readUInt32LE(0);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0 || byte === 0x0a || byte === 0x0d || byte === 0x20);
}
