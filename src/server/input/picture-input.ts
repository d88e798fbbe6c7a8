/** A picture of a request, before the model's recipe. */
import { AppError } from "../../base/errors.ts";

export type PictureInput =
  /** The bytes of a picture file. */
  { readonly kind: "file"; readonly bytes: Uint8Array; readonly where: string } | PicturePixels;

/** The model's own pixels. */
export interface PicturePixels {
  readonly kind: "pixels";
  /** In the order of `shape`, row-major. */
  readonly pixels: Uint8Array;
  /** How they were nested in the request. */
  readonly shape: readonly number[];
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
