/** A picture of a request, before the model's recipe. */
import { AppError } from "../../base/errors.ts";

export type PictureInput =
  /** The bytes of a picture file. */
  | { readonly kind: "file"; readonly bytes: Uint8Array; readonly where: string }
  /** The model's own pixels as bytes, uint8 `[H,W,C]`. */
  | { readonly kind: "pixels"; readonly pixels: Uint8Array; readonly where: string }
  | PictureNumbers;

/** The model's own pixels as an array of numbers. */
export interface PictureNumbers {
  readonly kind: "numbers";
  /** From 0 to 1, or from 0 to 255. */
  readonly values: Float64Array;
  /** How they were nested. */
  readonly shape: readonly number[];
  /** True where only whole numbers from 0 to 255 are meant: 0 and 1 are then nearly black. */
  readonly areBytes?: boolean;
  readonly where: string;
}

/** Errors: REQUEST_TOO_LARGE where a request holds more than `limit` pictures. */
export function requireFewPictures(count: number, limit: number, where?: string): void {
  if (count <= limit) return;
  throw new AppError("REQUEST_TOO_LARGE", {
    required: limit === 1 ? "one picture" : `at most ${limit} pictures in one request`,
    received: `${count} pictures`,
    ...(where !== undefined && { where }),
    hint: "send them in several requests",
  });
}
