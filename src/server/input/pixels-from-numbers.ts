/** The numbers of a request as pixels. */
import { AppError } from "../../base/errors.ts";

/**
 * Numbers as bytes. Where all are from 0 to 1 they are scaled by 255, unless `areBytes` says that
 * only whole numbers from 0 to 255 are meant; else all must be from 0 to 255.
 * Errors: REQUEST_INVALID for a number that is neither.
 */
export function pixelsFromNumbers(values: ArrayLike<number>, where: string, areBytes = false): Uint8Array {
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    // Written so that NaN is refused too.
    if (!(value >= 0 && value <= 255)) throw outOfRange(value, `${where}, number ${index}`);
    if (areBytes && !Number.isInteger(value)) throw noByte(value, `${where}, number ${index}`);
    if (value > largest) largest = value;
  }
  const scale = largest <= 1 && !areBytes ? 255 : 1;
  const pixels = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) pixels[index] = values[index]! * scale + 0.5;
  return pixels;
}

function outOfRange(value: number, where: string): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "pixels from 0 to 1, or from 0 to 255",
    received: String(value),
    where,
    hint: "send pixels as they are, not normalised: the model does that itself",
  });
}

function noByte(value: number, where: string): AppError {
  return new AppError("REQUEST_INVALID", { required: "whole numbers from 0 to 255", received: String(value), where });
}
