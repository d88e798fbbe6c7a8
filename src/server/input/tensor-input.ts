/** Tensors of the Open Inference Protocol as pictures. */
import { AppError } from "../../base/errors.ts";
import { type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import { decodeBase64 } from "./base64.ts";
import { type ItemKind, numberItems, readNestedArray } from "./nested-array.ts";
import { type PictureInput, requireFewPictures } from "./picture-input.ts";
import { channelsLastHint, isChannelsFirst, isSameNesting, textOf } from "./picture-shape.ts";

/** An input as it stands in a request; `bytes` where it came in binary form. */
export interface RequestTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data?: readonly unknown[];
  readonly bytes?: Uint8Array;
}

const where = "input 'pictures'";

/**
 * The pictures of input `pictures`: UINT8 [N,H,W,C] of the recipe's size, or BYTES [N] or [N,1] of
 * picture files.
 * Errors: REQUEST_INVALID, REQUEST_TOO_LARGE above `limit` pictures.
 */
export function picturesFromTensor(tensor: RequestTensor, recipe: Recipe, limit: number): readonly PictureInput[] {
  const { name, shape, datatype } = tensor;
  if (name !== "pictures") throw invalid("an input named 'pictures'", `'${name.slice(0, 80)}'`);
  const [count = 0, ...rest] = shape;
  requireFewPictures(count, limit, "pictures");
  if (datatype === "BYTES" && count > 0 && rest.every((side) => side === 1)) return filesOf(tensor, count);
  const size = [recipe.height, recipe.width, recipe.channels];
  const isPictures = rest.length === 3 && rest.every((side, axis) => side === size[axis]);
  if (datatype !== "UINT8" || count < 1 || !isPictures) {
    throw new AppError("REQUEST_INVALID", {
      required: `UINT8 [N,${size.join(",")}] or BYTES [N]`,
      received: `${datatype.slice(0, 16)} ${textOf(shape.slice(0, 8))}`,
      where,
      ...(isChannelsFirst(rest, recipe) && { hint: channelsLastHint }),
    });
  }
  const pixels = tensor.bytes ?? bytesFrom(readData(tensor, numberItems));
  const pictureSize = recipeSizeBytes(recipe);
  if (pixels.length !== count * pictureSize) {
    throw invalid(`${count * pictureSize} numbers, as the shape says`, `${pixels.length} numbers`);
  }
  return Array.from({ length: count }, (_, index) => ({
    kind: "pixels",
    pixels: pixels.subarray(index * pictureSize, (index + 1) * pictureSize),
    shape: rest,
    where: `pictures[${index}]`,
  }));
}

function bytesFrom(numbers: readonly number[]): Uint8Array {
  for (const value of numbers) {
    if (!(Number.isInteger(value) && value >= 0 && value <= 255))
      throw invalid("whole numbers from 0 to 255", String(value));
  }
  return Uint8Array.from(numbers);
}

const fileItems: ItemKind<string> = {
  is: (value) => typeof value === "string",
  one: "a picture file as base64",
  several: "picture files as base64",
};

function filesOf(tensor: RequestTensor, count: number): readonly PictureInput[] {
  const { bytes } = tensor;
  const files = bytes ? parseByteStrings(bytes, count) : readData(tensor, fileItems);
  if (files.length !== count) throw invalid(`${count} picture files, as the shape says`, `${files.length} files`);
  return files.map((file, index) => {
    const at = `pictures[${index}]`;
    return { kind: "file", bytes: typeof file === "string" ? decodeBase64(file, at) : file, where: at };
  });
}

/** The items of a tensor's JSON: flat, or nested as its shape says. */
function readData<T>({ data, shape }: RequestTensor, items: ItemKind<T>): readonly T[] {
  if (data === undefined) throw invalid("data, or the parameter binary_data_size", "neither");
  const array = readNestedArray(data, "pictures.data", items);
  if (array.shape.length === 1 || isSameNesting(array.shape, shape)) return array.items;
  throw invalid(`data that is flat, or nested as its shape ${textOf(shape.slice(0, 8))}`, textOf(array.shape));
}

/** Every element follows its length, 32 bits little-endian. */
function parseByteStrings(bytes: Uint8Array, count: number): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (files.length === count) throw invalid(`${count} picture files, as the shape says`, "more files");
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw invalid("every element after its length in 4 bytes", "too few bytes");
    files.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return files;
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where });
}
