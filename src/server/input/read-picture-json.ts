/** Pictures in JSON: files as base64 or data URLs, or the model's own pixels as nested numbers. */
import { AppError } from "../../base/errors.ts";
import { decodeBase64 } from "./base64.ts";
import { nameOfKind, numberItems, readNestedArray } from "./nested-array.ts";
import type { PictureInput } from "./picture-input.ts";

/** One picture. Errors: REQUEST_INVALID with its place in the request. */
export function readJsonPicture(value: unknown, where: string): PictureInput {
  if (typeof value === "string") return { kind: "file", bytes: decodeBase64(value, where), where };
  if (Array.isArray(value)) return { kind: "numbers", ...readNumbers(value, where), where };
  throw invalid("nested numbers, or a picture file as base64", nameOfKind(value), where);
}

/** Nested numbers with their shape. Errors: as `readNestedArray`. */
export function readNumbers(value: readonly unknown[], where: string) {
  const { items, shape } = readNestedArray(value, where, numberItems);
  return { values: Float64Array.from(items), shape };
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where });
}
