/** JSON from the bytes of a body. */
import { AppError } from "../../base/errors.ts";
import { sniffFormat } from "../../image/format.ts";
import { requireModestJson } from "./modest-json.ts";

/** The bytes of a body that must be there. Errors: REQUEST_INVALID. */
export function requireJsonBody(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new AppError("REQUEST_INVALID", { required: "a JSON body", received: "none", where: "body" });
}

/**
 * JSON bytes in UTF-8 as a value; a byte order mark is passed over. Errors: REQUEST_INVALID,
 * REQUEST_TOO_LARGE.
 */
export function parseJson(bytes: Uint8Array): unknown {
  requireModestJson(bytes);
  const isMarked = startsWith(bytes, 0xef, 0xbb, 0xbf);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8", isMarked ? 3 : 0);
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The message of JSON.parse would quote the body.
    throw new AppError("REQUEST_INVALID", { required: "valid JSON", where: "body", cause, ...kindOf(bytes) });
  }
}

/** What bytes that are no JSON probably are, without any of their content. */
function kindOf(bytes: Uint8Array): { readonly received: string; readonly hint?: string } {
  if (bytes.length === 0) return { received: "an empty body" };
  const encoding = wideEncodingOf(bytes);
  if (encoding !== undefined) return { received: `text in ${encoding}`, hint: "send JSON in UTF-8" };
  if (startsWith(bytes, 0x1f, 0x8b)) {
    return { received: "bytes compressed with gzip", hint: "send the header content-encoding: gzip with them" };
  }
  if (sniffFormat(bytes) !== undefined) {
    return { received: "a picture file", hint: "send it with its own content type, such as image/jpeg" };
  }
  return { received: `${bytes.length} bytes of something else` };
}

/** By the byte order mark, or by the zeros that such encodings put beside a first ASCII character. */
function wideEncodingOf(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (startsWith(bytes, 0, 0, 0xfe, 0xff) || startsWith(bytes, 0xff, 0xfe, 0, 0)) return "UTF-32";
  if (startsWith(bytes, 0xfe, 0xff) || startsWith(bytes, 0xff, 0xfe)) return "UTF-16";
  if ((a === 0 && b === 0 && c === 0 && d) || (a && b === 0 && c === 0 && d === 0)) return "UTF-32";
  return (a === 0 && b) || (a && b === 0) ? "UTF-16" : undefined;
}

function startsWith(bytes: Uint8Array, ...start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}
