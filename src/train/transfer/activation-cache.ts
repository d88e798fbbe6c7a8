/**
 * What a backbone gave for each picture, kept by the picture's content: a folder of files, each written whole.
 * Several trainings may work in it at once: at worst both compute the same rows.
 */
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ensureFolder, removeLeftovers, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { systemCodeOf } from "../../base/files/file-failure.ts";
import { readBytes } from "../../base/files/read-file.ts";
import type { Logger } from "../../base/logger.ts";
import { formatAmount } from "../../base/quantity.ts";

/** Rows of one size by keys of 64 hexadecimal digits. */
export interface ActivationCache {
  row(key: string): Float32Array | undefined;
  /** Keeps rows in a file. Errors: FILE_WRITE_FAILED. */
  add(rows: ReadonlyMap<string, Float32Array>): Promise<void>;
}

const magic = 0x31_76_61_70; // "pav1" in little endian
const headBytes = 12;
const keyBytes = 32;
const suffix = ".activations";

/**
 * Opens the cache in a folder, which is made where it is missing. A file that is damaged is passed over: its
 * rows are computed again. Errors: FILE_READ_FAILED, FILE_WRITE_FAILED.
 */
export async function openActivationCache(folder: string, width: number, logger: Logger): Promise<ActivationCache> {
  await ensureFolder(folder);
  await removeLeftovers(folder, [suffix]);
  const rows = new Map<string, Float32Array>();
  let damaged = 0;
  for (const name of await namesIn(folder)) {
    const found = parsePart(await readBytes(join(folder, name)), width);
    if (found === undefined) damaged++;
    else for (const [key, row] of found) rows.set(key, row);
  }
  if (damaged > 0)
    logger.warn(`${formatAmount(damaged, "files")} of kept activations are damaged; they are computed again`);
  return {
    row: (key) => rows.get(key),
    async add(added) {
      const name = `${randomBytes(8).toString("hex")}${suffix}`;
      await writeFileAtomic(join(folder, name), encodePart(added, width));
      for (const [key, row] of added) rows.set(key, row);
    },
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(suffix)).sort();
}

/** Head (magic, count, CRC-32 of the rest), keys, rows. */
function encodePart(rows: ReadonlyMap<string, Float32Array>, width: number): Uint8Array {
  const rowBytes = width * Float32Array.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(headBytes + rows.size * (keyBytes + rowBytes));
  let at = 0;
  for (const [key, row] of rows) {
    bytes.set(Buffer.from(key, "hex"), headBytes + at * keyBytes);
    bytes.set(new Uint8Array(row.buffer, row.byteOffset, rowBytes), headBytes + rows.size * keyBytes + at * rowBytes);
    at++;
  }
  const head = new DataView(bytes.buffer);
  head.setUint32(0, magic, true);
  head.setUint32(4, rows.size, true);
  head.setUint32(8, crc32(bytes.subarray(headBytes)), true);
  return bytes;
}

/** Undefined for a file that is damaged, or of rows of another width. */
function parsePart(bytes: Uint8Array, width: number): ReadonlyMap<string, Float32Array> | undefined {
  if (bytes.length < headBytes) return undefined;
  const head = new DataView(bytes.buffer, bytes.byteOffset, headBytes);
  const count = head.getUint32(4, true);
  const rowBytes = width * Float32Array.BYTES_PER_ELEMENT;
  const isWhole = head.getUint32(0, true) === magic && bytes.length === headBytes + count * (keyBytes + rowBytes);
  if (!isWhole || head.getUint32(8, true) !== crc32(bytes.subarray(headBytes))) return undefined;
  const found = new Map<string, Float32Array>();
  for (let at = 0; at < count; at++) {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + headBytes + at * keyBytes, keyBytes).toString("hex");
    const start = headBytes + count * keyBytes + at * rowBytes;
    // A copy, since a view must begin at a multiple of four bytes; slice() of a Buffer would be a view.
    found.set(key, new Float32Array(new Uint8Array(bytes.subarray(start, start + rowBytes)).buffer));
  }
  return found;
}
