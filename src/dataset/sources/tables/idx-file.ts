/**
 * Reads idx files, the form of MNIST: two zero bytes, the type (0x08: uint8), the number of
 * dimensions, each dimension as a big-endian uint32, then the values
 * (http://yann.lecun.com/exdb/mnist/, "The IDX file format").
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AppError } from "../../../base/errors.ts";
import { formatBytes } from "../../../base/quantity.ts";
import { readWithStamp } from "../stamped-file.ts";

const unzip = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);

/** The largest published set of this form (EMNIST by class) has 550 MB of pixels. */
const sizeLimitBytes = 2 ** 31;

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
 * unpacked.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, SOURCE_CHANGED; IDX_INVALID for a wrong magic number or
 * length.
 */
export async function readIdx(path: string, rank: number): Promise<IdxFile> {
  const { bytes: stored, stamp } = await readWithStamp(path);
  const bytes = path.toLowerCase().endsWith(".gz") ? await unpack(stored, path) : stored;
  return { ...parseIdx(bytes, rank, path), stamp };
}

function parseIdx(bytes: Uint8Array, rank: number, where: string): IdxArray {
  const magic = 0x0800 + rank;
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw idxInvalid(
      `an idx file with ${rank} dimensions and ${headerBytes} bytes of header`,
      `${bytes.length} bytes`,
      where,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== magic) {
    throw idxInvalid(
      `an idx file of unsigned bytes with ${rank} dimensions and the magic number ${hex(magic)}`,
      hex(view.getUint32(0)),
      where,
    );
  }
  const dims = Array.from({ length: rank }, (_, at) => view.getUint32(4 + 4 * at));
  const expected = headerBytes + dims.reduce((product, dim) => product * dim, 1);
  if (bytes.length !== expected) {
    throw idxInvalid(`an idx file of ${dims.join(" x ")} with ${expected} bytes`, `${bytes.length} bytes`, where);
  }
  return { dims, values: bytes.subarray(headerBytes) };
}

async function unpack(packed: Uint8Array, where: string): Promise<Uint8Array> {
  try {
    return await unzip(packed, { maxOutputLength: sizeLimitBytes });
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    throw idxInvalid(`a gzip file that is whole and holds at most ${formatBytes(sizeLimitBytes)}`, received, where);
  }
}

export function idxInvalid(required: string, received: string, where: string): AppError {
  return new AppError("IDX_INVALID", { required, received, where, hint: "download the file again" });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
