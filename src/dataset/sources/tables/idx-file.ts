/**
 * Reads idx files, the form of MNIST: two zero bytes, the type (0x08: uint8), the number of
 * dimensions, each dimension as a big-endian uint32, then the values
 * (http://yann.lecun.com/exdb/mnist/, "The IDX file format").
 */
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { AppError } from "../../../base/errors.ts";
import { chunksOf } from "../../../base/files/regular-file.ts";
import { formatBytes } from "../../../base/quantity.ts";
import { requireStamp, stampOf, withFile } from "../stamped-file.ts";

/** The largest published set of this form (EMNIST by class) has 550 MB of pixels. */
const sizeLimitBytes = 2 ** 30;

/**
 * A packed file may have so much, or so many times its own size if that is more: MNIST unpacks to
 * 5 times its size, zeros to 1,000 times theirs.
 */
const packedLimits = { floorBytes: 2 ** 28, ratio: 100 } as const;

export interface IdxArray {
  readonly dims: readonly number[];
  /** Row-major. */
  readonly values: Uint8Array;
}

export interface IdxFile extends IdxArray {
  /** Size and time of change of the file it came from. */
  readonly stamp: string;
}

/**
 * Reads an idx file of unsigned bytes with `rank` dimensions; one whose name ends with .gz is
 * unpacked on the way. Takes the memory that the header asks for and no more.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED; IDX_INVALID for a wrong magic number or
 * length, and above 1 GiB; where it is packed, above 256 MiB and 100 times its own size.
 */
export async function readIdx(path: string, rank: number): Promise<IdxFile> {
  return withFile(path, async (handle) => {
    const stats = await handle.stat({ bigint: true });
    const fileBytes = Number(stats.size);
    const isPacked = path.toLowerCase().endsWith(".gz");
    const array = await (isPacked
      ? unpackIdx(handle, rank, fileBytes, path)
      : collectIdx(chunksOf(handle), { rank, where: path, statedBytes: fileBytes, limitBytes: sizeLimitBytes }));
    await requireStamp(handle, stampOf(stats), path);
    return { ...array, stamp: stampOf(stats) };
  });
}

async function unpackIdx(handle: FileHandle, rank: number, fileBytes: number, where: string): Promise<IdxArray> {
  const { floorBytes, ratio } = packedLimits;
  const limitBytes = Math.min(sizeLimitBytes, Math.max(floorBytes, ratio * fileBytes));
  try {
    return await pipeline(chunksOf(handle), createGunzip({ chunkSize: chunkBytes }), (chunks: AsyncIterable<Buffer>) =>
      collectIdx(chunks, { rank, where, limitBytes }),
    );
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw idxInvalid("a gzip file that is whole", error instanceof Error ? error.message : String(error), where);
  }
}

const chunkBytes = 1 << 18;

interface IdxLimits {
  readonly rank: number;
  readonly where: string;
  readonly limitBytes: number;
  /** The length of a file that is not packed. */
  readonly statedBytes?: number;
}

/** Reads the header, makes room for what it asks for, and fills that. */
async function collectIdx(chunks: AsyncIterable<Buffer>, limits: IdxLimits): Promise<IdxArray> {
  const { rank, where } = limits;
  const headerBytes = 4 + 4 * rank;
  let header = Buffer.alloc(0);
  let array: IdxArray | undefined;
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    const startAt = sizeBytes - headerBytes;
    sizeBytes += chunk.length;
    if (array === undefined) {
      header = Buffer.concat([header, chunk]);
      if (header.length < headerBytes) continue;
      array = emptyArray(header, limits);
      array.values.set(header.subarray(headerBytes, headerBytes + array.values.length));
    } else if (sizeBytes - headerBytes <= array.values.length) {
      array.values.set(chunk, startAt);
    }
    if (sizeBytes - headerBytes > array.values.length) throw wrongLength(array, "more", where);
  }
  if (array === undefined) {
    const required = `an idx file with ${rank} dimensions and ${headerBytes} bytes of header`;
    throw idxInvalid(required, `${sizeBytes} bytes`, where);
  }
  if (sizeBytes - headerBytes < array.values.length) throw wrongLength(array, `${sizeBytes} bytes`, where);
  return array;
}

/** The array that a header asks for, all zeros: its memory is taken when it is filled. */
function emptyArray(header: Buffer, { rank, where, limitBytes, statedBytes }: IdxLimits): IdxArray {
  const magic = 0x0800 + rank;
  const found = header.readUInt32BE(0);
  if (found !== magic) {
    throw idxInvalid(
      `an idx file of unsigned bytes with ${rank} dimensions and the magic number ${hex(magic)}`,
      hex(found),
      where,
    );
  }
  const dims = Array.from({ length: rank }, (_, at) => header.readUInt32BE(4 + 4 * at));
  // Three numbers of 32 bits: a product that is rounded is far above the limit.
  const count = dims.reduce((product, dim) => product * dim, 1);
  const shape = dims.join(" x ");
  const expected = 4 + 4 * rank + count;
  if (statedBytes !== undefined && statedBytes !== expected) {
    throw idxInvalid(`an idx file of ${shape} with ${expected} bytes`, `${statedBytes} bytes`, where);
  }
  if (count > limitBytes) {
    throw idxInvalid(`an idx file of at most ${formatBytes(limitBytes)}, unpacked`, `one of ${shape}`, where);
  }
  return { dims, values: new Uint8Array(count) };
}

function wrongLength({ dims, values }: IdxArray, received: string, where: string): AppError {
  const expected = 4 + 4 * dims.length + values.length;
  return idxInvalid(`an idx file of ${dims.join(" x ")} with ${expected} bytes`, received, where);
}

export function idxInvalid(required: string, received: string, where: string): AppError {
  return new AppError("IDX_INVALID", { required, received, where, hint: "download the file again" });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
