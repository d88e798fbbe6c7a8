/** What the pictures of a request will cost, from their headers: before any of them is decoded. */
import { AppError } from "../../base/errors.ts";
import { formatBytes } from "../../base/quantity.ts";
import { type DecodeCost, decodeCostOf } from "../../image/decode-cost.ts";
import { formatNames, sniffFormat } from "../../image/format.ts";
import type { PictureInput } from "../input/picture-input.ts";
import type { Load } from "../load/admission.ts";
import type { ServeConfig } from "../serve-config.ts";

export interface WeighedPicture {
  readonly input: PictureInput;
  /** Undefined for pixels and numbers: nothing is decoded. */
  readonly cost: DecodeCost | undefined;
}

type Limits = Pick<ServeConfig, "pixels" | "decodeBytes">;

/** Errors: IMAGE_SIZE, as `weighFile`. */
export function weighPictures(pictures: readonly PictureInput[], limits: Limits): readonly WeighedPicture[] {
  return pictures.map((input) => ({ input, cost: input.kind === "file" ? weighFile(input, limits) : undefined }));
}

/** Errors: IMAGE_SIZE for more pixels than `pixels`, or more memory than `decodeBytes`. */
export function weighFile(
  { bytes, where }: Extract<PictureInput, { kind: "file" }>,
  { pixels, decodeBytes }: Limits,
): DecodeCost {
  const cost = decodeCostOf(bytes);
  const { size, heldBytes } = cost;
  if (size === undefined) return cost;
  const { width, height } = size;
  if (width * height > pixels) {
    throw new AppError("IMAGE_SIZE", {
      required: `a picture of at most ${pixels / 1e6} million pixels`,
      received: `${width} x ${height} pixels`,
      where,
      hint: "make it smaller before sending it",
    });
  }
  if (heldBytes > decodeBytes) {
    const format = formatNames[sniffFormat(bytes)!]; // what has a size has a format
    throw new AppError("IMAGE_SIZE", {
      required: `a picture that takes at most ${formatBytes(decodeBytes)} of memory to decode`,
      received: `${width} x ${height} pixels as ${format}, which may take ${formatBytes(heldBytes)}`,
      where,
      hint: "make it smaller before sending it, or send it as a baseline JPEG",
    });
  }
  return cost;
}

/**
 * How many pictures of a request are decoded or wait for it at the same time, as many as libuv has
 * threads: the others of a large request must not stand in front of other requests.
 */
export const decodedAtOnce = 4;
/** The most that a request's decoding stands in the way of others, in milliseconds. */
const longestTurnMs = 400;

/**
 * One for each picture, and the milliseconds of decoding that others may have to wait for. Heavy
 * pictures have slots of their own.
 */
export function loadOf(pictures: readonly WeighedPicture[]): Load {
  let heavy = 0;
  let decodeMs = 0;
  for (const { cost } of pictures) {
    if (cost?.isHeavy) heavy++;
    else decodeMs += cost?.ms ?? 0;
  }
  const work = heavy < pictures.length ? pictures.length + Math.min(longestTurnMs, decodeMs) : 0;
  return { pictures: pictures.length, heavy, work };
}
