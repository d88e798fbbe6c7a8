/** What a program gives as the body of a request, as `fetch` sends it. Runs in browsers too. */
import { deepestJson } from "../../base/bounded-json.ts";
import { describeValue } from "../../base/describe-value.ts";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { type FileSource, type ParsedFile, parseFileSource } from "../../base/files/file-source.ts";

export interface RequestBody {
  readonly content?: string | Blob | FormData | Uint8Array;
  /** None where `fetch` sets it itself. */
  readonly type?: string;
}

/** The service looks at the bytes of a picture, not at its type. */
const anyBytes = "application/octet-stream";

/**
 * A body of any kind: bytes and Blobs as they are, forms, everything else as JSON.
 * Errors: ARGUMENT_INVALID for what JSON cannot hold, such as bytes inside an object.
 */
export function bodyOf(given: unknown): RequestBody {
  if (given === undefined) return {};
  const kind = Object.prototype.toString.call(given).slice(8, -1);
  if (kind === "FormData") return { content: given as FormData }; // by its tag
  if (kind === "Uint8Array" || kind === "ArrayBuffer") return bytesBody(parseFileSource(given, "body"));
  if (kind === "Blob" || kind === "File") {
    const blob = given as Blob; // by its tag
    return { content: blob, ...(blob.type === "" && { type: anyBytes }) };
  }
  if (kind !== "Object" && kind !== "Array") throw notJson(given, "body");
  requireJson(given, "body");
  return { content: JSON.stringify(given), type: "application/json" };
}

/**
 * Pictures as a body: one as it is, several as a form.
 * Errors: ARGUMENT_INVALID before anything is read; FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function picturesBody(pictures: readonly FileSource[], names: readonly string[]): Promise<RequestBody> {
  // `from` visits holes in the list, too.
  const parsed = Array.from<unknown, ParsedFile>(pictures, (picture, at) => parseFileSource(picture, names[at]!));
  if (parsed.length === 1) return bytesBody(await readFile(parsed[0]!));
  const form = new FormData();
  for (const [at, picture] of parsed.entries()) {
    const content = await readFile(picture);
    const blob = content.kind === "blob" ? content.blob : new Blob([content.bytes as Uint8Array<ArrayBuffer>]); // a copy: a shared buffer, too
    form.append("file", blob, nameOf(picture) ?? names[at]!);
  }
  return { content: form };
}

function bytesBody(picture: ParsedFile): RequestBody {
  if (picture.kind === "file") throw new Error("a file is read before it is sent");
  return { content: picture.kind === "blob" ? picture.blob : picture.bytes, type: anyBytes };
}

/** What errors of the service call a picture of a form. */
function nameOf(picture: ParsedFile): string | undefined {
  if (picture.kind === "file") return String(picture.path).split(/[\\/]/).at(-1);
  return picture.kind === "blob" && "name" in picture.blob ? String(picture.blob.name) : undefined;
}

/** The bytes of a file. Node.js is found at run time, so that bundles for browsers need none of it. */
async function readFile(picture: ParsedFile): Promise<Exclude<ParsedFile, { readonly kind: "file" }>> {
  if (picture.kind !== "file") return picture;
  const { process }: { readonly process?: Partial<Pick<NodeJS.Process, "getBuiltinModule">> } = globalThis;
  const files = process?.getBuiltinModule?.("node:fs/promises");
  if (files === undefined) {
    throw new AppError("ARGUMENT_INVALID", {
      required: "bytes, or a Blob or File: only Node.js can read a path",
      received: describeValue(String(picture.path)),
    });
  }
  try {
    return { kind: "bytes", bytes: await files.readFile(picture.path) };
  } catch (cause) {
    throw readFailure(String(picture.path), cause);
  }
}

/** Errors: ARGUMENT_INVALID where a value would arrive as something else. */
function requireJson(value: unknown, place: string, around: readonly unknown[] = []): void {
  if (typeof value !== "object" || value === null) {
    const isLost = typeof value === "number" && !Number.isFinite(value); // it would arrive as null
    if (isLost || typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
      throw notJson(value, place);
    }
    return;
  }
  if (around.includes(value)) throw notJson(value, place, "one that holds itself");
  if (around.length === deepestJson) throw notJson(value, "body", `JSON nested more than ${deepestJson} levels deep`);
  const inside = [...around, value];
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at];
      if (item === undefined) throw notJson(item, `${place}[${at}]`);
      if (!Number.isFinite(item)) requireJson(item, `${place}[${at}]`, inside);
    }
    return;
  }
  const kind = Object.prototype.toString.call(value);
  if (kind !== "[object Object]") throw notJson(value, place);
  for (const [name, item] of Object.entries(value)) requireJson(item, `${place}.${name}`, inside);
}

function notJson(value: unknown, where: string, received = describeValue(value)): AppError {
  return new AppError("ARGUMENT_INVALID", {
    required: where === "body" ? "an object for JSON, bytes, a Blob, or a FormData" : "a value that JSON can hold",
    received,
    where,
    hint: "client.predict takes picture files; numbers are lists: Array.from(values)",
  });
}
