/**
 * The safetensors format: a JSON header, then raw tensors.
 * Source: https://github.com/huggingface/safetensors (format section of the README).
 */
import { jsonFaultOf, parseBoundedJson } from "../../base/bounded-json.ts";
import { describeValue } from "../../base/describe-value.ts";
import { AppError } from "../../base/errors.ts";

/** One float32 tensor of a file. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The format's own limit on the header. */
const maximumHeaderBytes = 100_000_000;
const lengthBytes = 8;

/** Writes tensors in the given order, without gaps; numbers are little-endian. */
export function encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let dataBytes = 0;
  for (const { name, shape, data } of tensors) {
    const end = dataBytes + data.byteLength;
    header[name] = { dtype: "F32", shape, data_offsets: [dataBytes, end] } satisfies HeaderEntry;
    dataBytes = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Spaces after the JSON align the data to 8 bytes, so that readers may map it into memory.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(lengthBytes + headerBytes + dataBytes).fill(0x20, lengthBytes, lengthBytes + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, lengthBytes);
  let at = lengthBytes + headerBytes;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a file of float32 tensors. Throws CHECKPOINT_INVALID for anything that the format forbids,
 * truncation included.
 */
export function decodeSafetensors(file: Uint8Array, where: string): SafetensorsFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = file.length >= lengthBytes ? Number(view.getBigUint64(0, true)) : Number.NaN;
  if (!(headerBytes <= maximumHeaderBytes && lengthBytes + headerBytes <= file.length)) {
    throw invalid("a safetensors file: 8 bytes of header length, the header, the data", `${file.length} bytes`, where);
  }
  const dataStart = lengthBytes + headerBytes;
  const header = parseHeader(file.subarray(lengthBytes, dataStart), where);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw invalid("texts in __metadata__", describeValue(metadata), where);
  }
  const tensors = new Map<string, NamedTensor>();
  let expectedStart = 0;
  for (const [name, entry] of Object.entries(entries)) {
    const { shape, begin, end } = parseEntry(name, entry, where);
    if (begin !== expectedStart) throw invalid("tensors without gaps, in order", `'${name}' at byte ${begin}`, where);
    if (dataStart + end > file.length) {
      throw invalid(
        `${dataStart + end} bytes up to the end of '${name}'`,
        `a truncated file of ${file.length} bytes`,
        where,
      );
    }
    // Floats must be aligned; the bytes in the file may not be.
    const bytes = Uint8Array.from(file.subarray(dataStart + begin, dataStart + end));
    tensors.set(name, { name, shape, data: new Float32Array(bytes.buffer) });
    expectedStart = end;
  }
  if (dataStart + expectedStart !== file.length) {
    throw invalid(`${dataStart + expectedStart} bytes as the header says`, `${file.length}`, where);
  }
  return { tensors, metadata: metadata as Readonly<Record<string, string>> }; // every value was checked to be a string
}

function parseHeader(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    const header = parseBoundedJson(bytes);
    if (isRecord(header)) return header;
  } catch (cause) {
    throw invalid("a safetensors header in JSON", jsonFaultOf(cause), where, cause);
  }
  throw invalid("a safetensors header that is a JSON object", "another value", where);
}

function parseEntry(name: string, entry: unknown, where: string) {
  if (isRecord(entry) && entry.dtype === "F32" && isWholeList(entry.shape) && isWholeList(entry.data_offsets)) {
    const { shape } = entry;
    const [begin = -1, end = -1, ...rest] = entry.data_offsets;
    const sizeBytes = shape.reduce((product, side) => product * side, 4);
    if (rest.length === 0 && begin >= 0 && end - begin === sizeBytes) return { shape, begin, end };
  }
  const required = `tensor '${name.slice(0, 100)}' with dtype F32, a shape, and offsets that fit it`;
  throw invalid(required, describeEntry(entry), where);
}

function describeEntry(entry: unknown): string {
  if (!isRecord(entry)) return describeValue(entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  const list = (value: unknown): string =>
    isWholeList(value) && value.length < 9 ? `[${value}]` : describeValue(value);
  return `dtype ${describeValue(dtype)}, shape ${list(shape)}, offsets ${list(offsets)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWholeList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function invalid(required: string, received: string, where: string, cause?: unknown): AppError {
  return new AppError("CHECKPOINT_INVALID", { required, received, where, ...(cause === undefined ? {} : { cause }) });
}
