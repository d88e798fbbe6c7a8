/** Pictures in JSON: files as base64 or data URLs, or the model's own pixels as nested numbers. */
import { AppError } from "../../base/errors.ts";
import { decodeBase64 } from "./base64.ts";
import { nameOfKind, numberItems, readNestedArray } from "./nested-array.ts";
import type { PictureInput } from "./picture-input.ts";
import { pixelsFromNumbers } from "./pixels-from-numbers.ts";

/**
 * One picture; of `areBytes` see `pixelsFromNumbers`. Errors: REQUEST_INVALID with its place in the
 * request.
 */
export function readJsonPicture(value: unknown, where: string, areBytes = false): PictureInput {
  if (typeof value === "string") return { kind: "file", bytes: decodeBase64(value, where), where };
  if (Array.isArray(value)) {
    const { items, shape } = readNestedArray(value, where, numberItems);
    return { kind: "pixels", pixels: pixelsFromNumbers(items, where, areBytes), shape, where };
  }
  throw new AppError("REQUEST_INVALID", {
    required: "nested numbers, or a picture file as base64",
    received: nameOfKind(value),
    where,
  });
}
