/** Pictures in JSON: files as base64 or data URLs, or the model's own pixels as nested numbers. */
import { AppError } from "../../base/errors.ts";
import type { PictureInput } from "./picture-input.ts";

const maximumDepth = 4;

/** One picture. Errors: REQUEST_INVALID with its place in the request. */
export function readJsonPicture(value: unknown, where: string): PictureInput {
  if (typeof value === "string") return { kind: "file", bytes: decodeBase64(value, where), where };
  if (Array.isArray(value)) return { kind: "numbers", values: flattenNumbers(value, where), where };
  throw invalid("nested numbers, or a picture file as base64", nameOfKind(value), where);
}

/**
 * Bytes from base64 (RFC 4648, padded or not, line breaks allowed) or from a base64 data URL.
 * Errors: REQUEST_INVALID.
 */
export function decodeBase64(text: string, where: string): Uint8Array {
  const comma = text.startsWith("data:") ? text.indexOf(",") : -1;
  if (text.startsWith("data:") && !/;base64$/i.test(text.slice(0, Math.max(comma, 0)))) {
    throw invalid("a data URL with ;base64,", JSON.stringify(text.slice(0, 40)), where);
  }
  const body = text.slice(comma + 1).replace(/[\r\n]/g, "");
  if (body === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.replace(/=+$/, "").length % 4 === 1) {
    throw invalid("a picture file as base64", body === "" ? "an empty text" : JSON.stringify(body.slice(0, 40)), where);
  }
  return Buffer.from(body, "base64");
}

/**
 * Numbers nested up to four deep, rows at each depth alike, as one list in their order.
 * Errors: REQUEST_INVALID for what is ragged, deeper, or no number.
 */
export function flattenNumbers(value: readonly unknown[], where: string): Float64Array {
  const values: number[] = [];
  /** The length of the arrays at each depth, and at the end a 0 where the numbers stand. */
  const lengths: number[] = [];
  const path: number[] = [];
  const place = (depth: number): string =>
    `${where}${path
      .slice(0, depth)
      .map((index) => `[${index}]`)
      .join("")}`;
  const requireLength = (depth: number, length: number): void => {
    lengths[depth] ??= length;
    if (lengths[depth] === length) return;
    throw invalid(`${sizeInWords(lengths[depth])}, like its neighbours`, sizeInWords(length), place(depth));
  };
  const walk = (list: readonly unknown[], depth: number): void => {
    if (depth === maximumDepth) throw invalid(`numbers nested at most ${maximumDepth} deep`, "deeper nesting", where);
    if (list.length === 0) throw invalid("numbers", "an empty list", place(depth));
    requireLength(depth, list.length);
    for (let index = 0; index < list.length; index++) {
      const item = list[index];
      path[depth] = index;
      if (Array.isArray(item)) {
        walk(item, depth + 1);
        continue;
      }
      if (typeof item !== "number") throw invalid("numbers", nameOfKind(item), place(depth + 1));
      requireLength(depth + 1, 0);
      values.push(item);
    }
  };
  walk(value, 0);
  return Float64Array.from(values);
}

function sizeInWords(length: number): string {
  return length === 0 ? "a number" : `a list of ${length}`;
}

/** The kind of a JSON value, without any of its content. */
export function nameOfKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where });
}
