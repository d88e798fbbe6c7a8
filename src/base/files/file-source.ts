/** A file as a program has it. Needs no Node.js: the client takes the same in browsers. */
import { describeValue } from "../describe-value.ts";
import { AppError } from "../errors.ts";

/**
 * A file's path or file: URL, its bytes, or a Blob. A Buffer is a Uint8Array, and a File is a Blob.
 */
export type FileSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/** A file source by what has to be done to read it. */
export type ParsedFile =
  | { readonly kind: "file"; readonly path: string | URL }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "blob"; readonly blob: Blob };

const required = "a path, a file: URL, bytes (a Buffer, Uint8Array or ArrayBuffer), or a Blob or File";

/** For what people try that is no file, by the kind of object. */
const hints: Readonly<Record<string, string>> = {
  Response: "give the bytes: await response.arrayBuffer()",
  Request: "give the bytes: await request.arrayBuffer()",
  ReadableStream: "give the bytes: await new Response(stream).arrayBuffer()",
  Promise: "await it first",
  Uint8ClampedArray: "pixels are no picture file; encode them first",
  ImageData: "pixels are no picture file; encode them first",
};

/**
 * Sorts a file source out, whatever realm it comes from. Errors: ARGUMENT_INVALID for anything
 * else, under the name that the caller knows it by.
 */
export function parseFileSource(value: unknown, where: string): ParsedFile {
  // `instanceof` fails for values of another realm, such as those of a test runner.
  const kind = kindOf(value);
  if (typeof value === "string") {
    const scheme = /^([a-z][a-z\d+.-]+):/i.exec(value)?.[1]?.toLowerCase();
    if (scheme === "file" && value.startsWith("file://") && URL.canParse(value))
      return { kind: "file", path: new URL(value) };
    if (scheme === "http" || scheme === "https" || scheme === "data" || scheme === "blob") throw notLocal(value, where);
    return { kind: "file", path: value };
  }
  if (value instanceof URL || kind === "URL") {
    const url = value as URL; // by the line above
    if (url.protocol === "file:") return { kind: "file", path: url };
    throw notLocal(url.href, where);
  }
  if (kind === "Uint8Array") {
    const { buffer, byteOffset, byteLength } = value as Uint8Array; // by its tag
    return { kind: "bytes", bytes: new Uint8Array(buffer, byteOffset, byteLength) }; // a view of this realm
  }
  if (kind === "ArrayBuffer") return { kind: "bytes", bytes: new Uint8Array(value as ArrayBuffer) }; // by its tag
  if (kind === "Blob" || kind === "File") return { kind: "blob", blob: value as Blob }; // by its tag
  throw new AppError("ARGUMENT_INVALID", { required, received: describeValue(value), where, ...hintFor(value, kind) });
}

/** `[object Blob]` and the like, which no realm changes. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function hintFor(value: unknown, kind: string): { readonly hint?: string } {
  const hint = hints[kind];
  if (hint !== undefined) return { hint };
  if (Array.isArray(value)) return { hint: "predictPictures takes a list" };
  const isStream = typeof value === "object" && value !== null && Symbol.asyncIterator in value;
  return isStream ? { hint: "give the bytes: await buffer(stream), with buffer of node:stream/consumers" } : {};
}

function notLocal(address: string, where: string): AppError {
  return new AppError("ARGUMENT_INVALID", {
    required,
    received: describeValue(address),
    where,
    hint: "fetch it, and give the bytes: await (await fetch(address)).arrayBuffer()",
  });
}
