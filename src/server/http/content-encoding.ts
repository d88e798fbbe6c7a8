/** Compressed request bodies. Source: RFC 9110, section 8.4. */
import { promisify } from "node:util";
import { gunzip, inflate, inflateRaw } from "node:zlib";
import { AppError } from "../../base/errors.ts";
import { systemCodeOf } from "../../base/files/file-failure.ts";

export type ContentCoding = "gzip" | "deflate";

/** The codings that are taken, as `Accept-Encoding` lists them. */
export const acceptedCodings = "gzip, deflate";

const codings: ReadonlyMap<string, ContentCoding> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
]);

/**
 * How a body was compressed; undefined where it was not. Errors: MEDIA_TYPE_UNSUPPORTED for another
 * coding, or several.
 */
export function contentCodingOf(header: string | undefined): ContentCoding | undefined {
  if (header === undefined) return undefined;
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  const applied = names.filter((name) => name !== "" && name !== "identity");
  if (applied.length === 0) return undefined;
  const coding = applied.length === 1 ? codings.get(applied[0]!) : undefined;
  if (coding !== undefined) return coding;
  throw new AppError("MEDIA_TYPE_UNSUPPORTED", {
    required: "gzip or deflate, or no compression",
    received: JSON.stringify(header.slice(0, 80)),
    where: "content-encoding",
  });
}

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate), deflateRaw: promisify(inflateRaw) };

/**
 * The body before it was compressed. Stops at `limit` bytes, however much more the stream holds.
 * Errors: REQUEST_TOO_LARGE, REQUEST_INVALID for a stream that is damaged or cut off.
 */
export async function unpackBody(bytes: Uint8Array, coding: ContentCoding, limit: number): Promise<Buffer> {
  // Some clients leave out the header of zlib, which "deflate" means.
  const form = coding === "deflate" && !hasZlibHeader(bytes) ? "deflateRaw" : coding;
  try {
    return await unpackers[form](bytes, { maxOutputLength: limit });
  } catch (error) {
    if (systemCodeOf(error) === "ERR_BUFFER_TOO_LARGE") {
      throw new AppError("REQUEST_TOO_LARGE", {
        required: `a body of at most ${limit} bytes after unpacking`,
        received: "more of them",
        where: "body",
        cause: error,
      });
    }
    const isCut = systemCodeOf(error) === "Z_BUF_ERROR";
    throw new AppError("REQUEST_INVALID", {
      required: `a complete ${coding} stream, as content-encoding says`,
      received: `${bytes.length} bytes of ${isCut ? "a stream that is cut off" : "something else"}`,
      where: "body",
      cause: error,
    });
  }
}

/** Source: RFC 1950, section 2.2. */
function hasZlibHeader([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
}
