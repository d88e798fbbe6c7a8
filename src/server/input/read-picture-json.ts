/** Pictures in JSON: files as base64 or data URLs, or the model's own pixels as nested numbers. */
import { AppError } from "../../base/errors.ts";
import { nameOfKind, numberItems, readNestedArray } from "./nested-array.ts";
import type { PictureInput } from "./picture-input.ts";

/** One picture. Errors: REQUEST_INVALID with its place in the request. */
export function readJsonPicture(value: unknown, where: string): PictureInput {
  if (typeof value === "string") return { kind: "file", bytes: decodeBase64(value, where), where };
  if (Array.isArray(value)) return { kind: "numbers", ...readNumbers(value, where), where };
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

/** Nested numbers with their shape. Errors: as `readNestedArray`. */
export function readNumbers(value: readonly unknown[], where: string) {
  const { items, shape } = readNestedArray(value, where, numberItems);
  return { values: Float64Array.from(items), shape };
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where });
}
