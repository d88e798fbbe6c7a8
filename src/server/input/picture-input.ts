/** A picture as a request brings it, before the model's recipe. */

export type PictureInput =
  /** The bytes of a picture file. */
  | { readonly kind: "file"; readonly bytes: Uint8Array; readonly where: string }
  /** The model's own pixels as bytes, uint8 `[H,W,C]`. */
  | { readonly kind: "pixels"; readonly pixels: Uint8Array; readonly where: string }
  /** The same as numbers from 0 to 1, or from 0 to 255. */
  | { readonly kind: "numbers"; readonly values: Float64Array; readonly where: string };
