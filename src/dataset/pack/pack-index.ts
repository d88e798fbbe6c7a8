/**
 * The text form of what is known about packed pictures: sealed lines of JSON, a header first. The
 * index of a finished pack and the journal of one that is being built are both made of it.
 */
import { parseBoundedJson } from "../../base/bounded-json.ts";
import { isErrorCode } from "../../base/errors.ts";
import { fingerprintBytes } from "../../image/perceptual-hash.ts";
import { parseRecipe, type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import { type SkippedPicture, type SourceKind, sourceKinds, splits } from "../sources/source.ts";
import { packInvalid } from "./pack-invalid.ts";
import { type PictureTable, rowLimit, type StoredPicture } from "./picture-table.ts";
import { readSealedLine, sealLine } from "./sealed-line.ts";

export interface PackHeader {
  readonly recipe: Recipe;
  /** Names the shard files that belong to this index; a pack that is built anew gets another. */
  readonly generation: string;
  readonly rowsPerShard: number;
}

export interface PackIndex {
  readonly source: { readonly kind: SourceKind; readonly location: string };
  /** In the source's order. */
  readonly pictures: PictureTable;
  readonly skipped: readonly SkippedPicture[];
}

export const indexName = "index.jsonl";

const format = "pawprint-pack";
const version = 2;

/** A picture is an array, since its keys would be most of the file. */
export function encodePicture({ id, label, split, stamp, row, hash, crc, fingerprint }: StoredPicture): string {
  const print = fingerprint === undefined ? null : base64Of(fingerprint);
  return sealLine(JSON.stringify([id, label, split ?? null, stamp, row, hash, crc, print]));
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

export function encodeHeader(header: PackHeader): string {
  return sealLine(JSON.stringify({ format, version, ...header }));
}

/** The whole index in pieces of some lines each: header, contents, skipped pictures, pictures. */
export function* encodeIndex(
  header: PackHeader,
  { source, pictures, skipped }: PackIndex,
): Generator<Uint8Array | string> {
  yield encodeHeader(header);
  yield sealLine(JSON.stringify({ source, pictures: pictures.length, skipped: skipped.length }));
  for (const { id, label, code, reason } of skipped) yield sealLine(JSON.stringify([id, label ?? null, code, reason]));
  yield* encodePictures(pictures);
}

/**
 * A line for each picture, many in a piece. All pieces share one buffer: write each before asking
 * for the next.
 */
export function* encodePictures(pictures: Iterable<StoredPicture>): Generator<Uint8Array> {
  let buffer = Buffer.alloc(2 ** 17);
  let end = 0;
  for (const picture of pictures) {
    const line = encodePicture(picture);
    const sizeBytes = Buffer.byteLength(line);
    if (end + sizeBytes > buffer.length) {
      yield buffer.subarray(0, end);
      end = 0;
      if (sizeBytes > buffer.length) buffer = Buffer.alloc(2 * sizeBytes);
    }
    end += buffer.write(line, end);
  }
  yield buffer.subarray(0, end);
}

/** Errors: PACK_INVALID for another format or version, RECIPE_INVALID. */
export function decodeHeader(line: Uint8Array, where: string): PackHeader {
  requireFormat(line, where);
  const fields = parseLine(line, where);
  const { generation, rowsPerShard, recipe }: Partial<Record<string, unknown>> = isRecord(fields) ? fields : {};
  const isSound = isText(generation) && /^[0-9a-f]{8}$/.test(generation) && isBelow(rowsPerShard);
  if (!isSound || rowsPerShard === 0) throw packInvalid("a generation of 8 digits and rows of a shard", line, where);
  return { recipe: parseRecipe(recipe), generation, rowsPerShard };
}

/** Reads no further than to what tells a pack of another version, which may have other lines. */
function requireFormat(line: Uint8Array, where: string): void {
  let fields: unknown;
  try {
    fields = parseBoundedJson(line);
  } catch {
    // Told below, as any other text.
  }
  if (!isRecord(fields) || fields.format !== format)
    throw packInvalid("a pack's index with its format in the first line", line, where);
  if (fields.version !== version)
    throw packInvalid(`version ${version} of a pack`, `version ${String(fields.version)}`, where);
}

/** What the second line of an index says: the source, and how many lines of each kind follow. */
export interface IndexContents {
  readonly source: PackIndex["source"];
  readonly pictures: number;
  readonly skipped: number;
}

/** Errors: PACK_INVALID. */
export function decodeContents(line: Uint8Array, where: string): IndexContents {
  const fields = parseLine(line, where);
  if (isRecord(fields) && isSource(fields.source) && isBelow(fields.pictures) && isBelow(fields.skipped)) {
    const { source, pictures, skipped } = fields;
    return { source, pictures, skipped };
  }
  throw packInvalid("the source and the numbers of pictures and of skipped ones", line, where);
}

/** Errors: PACK_INVALID. */
export function decodeSkipped(line: Uint8Array, where: string): SkippedPicture {
  const fields = parseLine(line, where);
  const [id, label, code, reason]: unknown[] = Array.isArray(fields) ? fields : [];
  if (isText(id) && (label === null || isText(label)) && isText(code) && isErrorCode(code) && isText(reason)) {
    return { id, ...(label !== null && { label }), code, reason };
  }
  throw packInvalid("a skipped picture's id, label, error code and reason", line, where);
}

/** Errors: PACK_INVALID. */
export function decodePicture(line: Uint8Array, where: string): StoredPicture {
  const fields = parseLine(line, where);
  const [id, label, split, stamp, row, hash, crc, print]: unknown[] = Array.isArray(fields) ? fields : [];
  const isSound =
    isText(id) &&
    isText(label) &&
    isText(stamp) &&
    isText(hash) &&
    /^[0-9a-f]{64}$/.test(hash) &&
    isBelow(row, rowLimit) &&
    isBelow(crc) &&
    (split === null || isOneOf(splits, split)) &&
    (print === null || isText(print));
  if (!isSound)
    throw packInvalid("a picture's id, label, split, stamp, row, hash, checksum and fingerprint", line, where);
  const fingerprint = print === null ? undefined : Buffer.from(print, "base64");
  if (fingerprint !== undefined && fingerprint.length !== fingerprintBytes) {
    throw packInvalid(`a fingerprint of ${fingerprintBytes} bytes`, `${fingerprint.length}`, where);
  }
  const facts = { id, label, stamp, row, hash, crc };
  return { ...facts, ...(split !== null && { split }), ...(fingerprint && { fingerprint }) };
}

/** As many rows as fill 64 MiB, at least one. */
export function rowsPerShardOf(recipe: Recipe): number {
  return Math.max(1, Math.floor((64 * 2 ** 20) / recipeSizeBytes(recipe)));
}

function parseLine(line: Uint8Array, where: string): unknown {
  try {
    return readSealedLine(line);
  } catch {
    throw packInvalid("a line of JSON with its own checksum at the end", line, where);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBelow(value: unknown, limit: number = 2 ** 32): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < limit;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isOneOf<T>(values: readonly T[], value: unknown): value is T {
  return values.some((known) => known === value);
}

function isSource(value: unknown): value is PackIndex["source"] {
  return isRecord(value) && isOneOf(sourceKinds, value.kind) && isText(value.location);
}
