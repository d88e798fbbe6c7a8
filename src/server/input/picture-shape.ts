/** Which arrays of numbers are a picture of a recipe's size. Rows come first and channels last. */
import { AppError } from "../../base/errors.ts";
import type { Recipe } from "../../image/recipe.ts";

type Shape = readonly number[];

/**
 * `[H,W,C]`, `[H*W,C]`, flat `[H*W*C]`, or `[H,W]` for one channel; each also as the one item of a
 * list. Other nestings of as many numbers are refused, since their order could only be guessed.
 * Errors: REQUEST_INVALID.
 */
export function requirePictureShape(shape: Shape, recipe: Recipe, where: string): void {
  const wanted = pictureShapes(recipe);
  if (wanted.some((one) => isSame(shape, one) || isSame(shape, [1, ...one]))) return;
  throw new AppError("REQUEST_INVALID", {
    required: `an array of the shape ${inWords(wanted)}, alone or in a list of one`,
    received: `the shape ${textOf(shape)}`,
    where,
    hint: isChannelsFirst(shape, recipe)
      ? channelsLastHint
      : "a picture file of any size can be sent as it is: image/jpeg, multipart/form-data, or base64",
  });
}

export const channelsLastHint = "channels come last: transpose [C,H,W] to [H,W,C]";

/** True for `[C,H,W]` and `[C,H*W]`, of any size and with any 1 before it, where C is not 1. */
export function isChannelsFirst(shape: Shape, { channels }: Recipe): boolean {
  const [first, ...rest] = withoutLeadingOnes(shape);
  return channels > 1 && first === channels && rest.length > 0 && rest.at(-1) !== channels;
}

/** True where they hold the same items in the same nesting, but for lists of one around it. */
export function isSameNesting(a: Shape, b: Shape): boolean {
  return isSame(withoutLeadingOnes(a), withoutLeadingOnes(b));
}

export function textOf(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

function pictureShapes({ height, width, channels }: Recipe): readonly Shape[] {
  return [
    [height, width, channels],
    ...(channels === 1 ? [[height, width]] : []),
    [height * width, channels],
    [height * width * channels],
  ];
}

function inWords(shapes: readonly Shape[]): string {
  const texts = shapes.map(textOf);
  return `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}

function isSame(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}

function withoutLeadingOnes(shape: Shape): Shape {
  const start = shape.findIndex((side) => side !== 1);
  return start === -1 ? [] : shape.slice(start);
}
