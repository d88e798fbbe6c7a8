/**
 * The text form of what is known about packed pictures: JSON lines, a header first. The index of a
 * finished pack and the journal of one that is being built are both made of it.
 */
import { AppError, isErrorCode } from "../../base/errors.ts";
import { fingerprintBytes } from "../../image/perceptual-hash.ts";
import { parseRecipe, type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import { type SkippedPicture, type SourceKind, sourceKinds, splits } from "../sources/source.ts";
import type { PictureTable, StoredPicture } from "./picture-table.ts";

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
const version = 1;

/** A picture is an array, since its keys would be most of the file. */
export function encodePicture({ id, label, split, stamp, row, hash, crc, fingerprint }: StoredPicture): string {
  const print = fingerprint === undefined ? null : base64Of(fingerprint);
  return `${JSON.stringify([id, label, split ?? null, stamp, row, hash, crc, print])}\n`;
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

export function encodeHeader(header: PackHeader): string {
  return `${JSON.stringify({ format, version, ...header })}\n`;
}

/** The whole index in pieces of some lines each: header, contents, pictures. */
export function* encodeIndex(
  header: PackHeader,
  { source, pictures, skipped }: PackIndex,
): Generator<Uint8Array | string> {
  yield encodeHeader(header);
  yield `${JSON.stringify({ source, pictures: pictures.length, skipped })}\n`;
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
export function decodeHeader(line: string, where: string): PackHeader {
  const fields = parseLine(line, where);
  if (!isRecord(fields) || fields.format !== format)
    throw packInvalid("a pack's index with its format in the first line", line, where);
  if (fields.version !== version)
    throw packInvalid(`version ${version} of a pack`, `version ${String(fields.version)}`, where);
  const { generation, rowsPerShard } = fields;
  const isSound = typeof generation === "string" && /^[0-9a-f]{8}$/.test(generation) && isCount(rowsPerShard);
  if (!isSound || rowsPerShard === 0) throw packInvalid("a generation of 8 digits and rows of a shard", line, where);
  return { recipe: parseRecipe(fields.recipe), generation, rowsPerShard };
}

/**
 * What the second line of an index says: everything but the pictures, and how many of them follow.
 */
export function decodeContents(line: string, where: string): Omit<PackIndex, "pictures"> & { readonly count: number } {
  const fields = parseLine(line, where);
  if (isRecord(fields) && isSource(fields.source) && isSkippedList(fields.skipped) && isCount(fields.pictures)) {
    return { source: fields.source, skipped: fields.skipped, count: fields.pictures };
  }
  throw packInvalid("the source, the number of pictures and what was skipped", line, where);
}

/** Errors: PACK_INVALID. */
export function pictureRowOf(line: string, where: string): StoredPicture {
  const fields = parseLine(line, where);
  const [id, label, split, stamp, row, hash, crc, print]: unknown[] = Array.isArray(fields) ? fields : [];
  const isSound =
    isText(id) &&
    isText(label) &&
    isText(stamp) &&
    isText(hash) &&
    isCount(row) &&
    isCount(crc) &&
    (split === null || isOneOf(splits, split)) &&
    (print === null || isText(print));
  if (!isSound)
    throw packInvalid("a picture's id, label, split, stamp, row, hash, checksum and fingerprint", line, where);
  const fingerprint = print === null ? undefined : Buffer.from(print, "base64");
  if (fingerprint !== undefined && fingerprint.length !== fingerprintBytes) {
    throw packInvalid(`a fingerprint of ${fingerprintBytes} bytes`, `${fingerprint.length}`, where);
  }
  return {
    id,
    label,
    ...(split !== null && { split }),
    stamp,
    row,
    hash,
    crc,
    ...(fingerprint && { fingerprint }),
  };
}

/** As many rows as fill 64 MiB, at least one. */
export function rowsPerShardOf(recipe: Recipe): number {
  return Math.max(1, Math.floor((64 * 2 ** 20) / recipeSizeBytes(recipe)));
}

export function packInvalid(required: string, received: string, where: string): AppError {
  const shown = received.length > 80 ? `${received.slice(0, 80)}...` : received.trim();
  return new AppError("PACK_INVALID", { required, received: shown, where, hint: "delete the pack and build it again" });
}

function parseLine(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw packInvalid("a line of JSON", line, where);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
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

function isSkippedList(value: unknown): value is readonly SkippedPicture[] {
  return Array.isArray(value) && value.every(isSkipped);
}

function isSkipped(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, label, code, reason } = value;
  return isText(id) && (label === undefined || isText(label)) && isText(code) && isErrorCode(code) && isText(reason);
}
