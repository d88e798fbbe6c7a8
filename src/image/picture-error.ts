/** Why a picture cannot be used: the same words for the same bytes, whatever else is decoded. */
import { AppError, type ErrorDetail } from "../base/errors.ts";
import { damageOf } from "./damage.ts";
import { recogniseForeign } from "./foreign-format.ts";
import { declaredSize, formatNames, type PictureFormat } from "./format.ts";

/**
 * What a picture's fault is. `foreign`: another format, or of a kind that is not read; `pointer`: it
 * stands for a file that was not fetched; `no-picture`: there is none in it.
 */
export type DecodingFault = "empty" | "foreign" | "pointer" | "no-picture" | "truncated" | "damaged" | "size";

/** IMAGE_SIZE or IMAGE_UNREADABLE, with the fault that programs go by. */
export class PictureError extends AppError {
  readonly fault: DecodingFault;

  constructor(fault: DecodingFault, detail: ErrorDetail) {
    super(fault === "size" ? "IMAGE_SIZE" : "IMAGE_UNREADABLE", detail);
    this.fault = fault;
  }
}

/** For lists of pictures: the message without its place, and what makes a good file readable. */
export function reasonOf(error: AppError): string {
  const isGood = error instanceof PictureError && (error.fault === "foreign" || error.fault === "pointer");
  return isGood && error.hint !== undefined ? `${error.summary}; ${error.hint}` : error.summary;
}

const names = Object.values(formatNames);
/** "a JPEG, PNG, ... or BMP picture". */
const anyPicture = `a ${names.slice(0, -1).join(", ")} or ${names.at(-1)} picture`;

const saveAsEightBits = "save it with 8 bits a channel, as PNG or JPEG";

/** For bytes that begin as no format that is read. */
export function notAPicture(bytes: Uint8Array, where: string): PictureError {
  const foreign = recogniseForeign(bytes);
  if (foreign !== undefined) {
    const faults = { picture: "foreign", pointer: "pointer", other: "no-picture" } as const;
    const fault = bytes.byteLength === 0 ? "empty" : faults[foreign.kind];
    return new PictureError(fault, { required: anyPicture, received: foreign.name, where, hint: foreign.remedy });
  }
  const start = Buffer.from(bytes.subarray(0, 8))
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1 ");
  return new PictureError("no-picture", {
    required: anyPicture,
    received: `a file of an unknown format (its first bytes: ${start})`,
    where,
    hint: "open it in a picture viewer, and save it as JPEG or PNG if it is a picture",
  });
}

/** For a whole file of a kind that is not read, `received` as a noun phrase. */
export function unsupportedPicture(received: string, where: string, hint = saveAsEightBits): PictureError {
  return new PictureError("foreign", { required: "a picture of a kind that is read", received, where, hint });
}

/** IMAGE_SIZE for a picture without pixels, or with more than `maximumPixels`. */
export function wrongSize(received: string, maximumPixels: number, where: string): PictureError {
  return new PictureError("size", {
    required: `a picture of 1 to ${maximumPixels / 1e6} million pixels`,
    received,
    where,
    hint: "make it smaller with any picture editor",
  });
}

/** What sharp itself says, in front of libvips' words or in place of them. */
const [headerRefused, pixelLimit] = ["Input buffer has corrupt header", "Input image exceeds pixel limit"];

/**
 * Why a decoder refused a file. Of its error only what sharp says of this very file is looked at;
 * `damageOf` tells why not the rest.
 */
export function decodingFailure(
  bytes: Uint8Array,
  format: PictureFormat,
  { where, maximumPixels }: { readonly where: string; readonly maximumPixels: number },
  cause: unknown,
): PictureError {
  const message = cause instanceof Error ? cause.message : "";
  const size = declaredSize(bytes);
  const pixels = size === undefined ? undefined : size.width * size.height;
  const isOutOfBounds = pixels !== undefined && (pixels < 1 || pixels > maximumPixels);
  if (isOutOfBounds || message.startsWith(pixelLimit)) {
    return wrongSize(size === undefined ? "more" : `${size.width} x ${size.height} pixels`, maximumPixels, where);
  }
  const { kind, what } = damageOf(bytes, format, message.startsWith(headerRefused) ? "header" : "pixels");
  if (kind === "unsupported") return unsupportedPicture(what, where);
  const hint = "copy it once more from where it came";
  return new PictureError(kind, { required: "a picture that is whole", received: what, where, hint });
}
