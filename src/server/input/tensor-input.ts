/** Tensors of the Open Inference Protocol as pictures. */
import { AppError } from "../../base/errors.ts";
import { type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import { type PictureInput, requireFewPictures } from "./picture-input.ts";
import { decodeBase64, flattenNumbers, nameOfKind } from "./read-picture-json.ts";

/** An input as it stands in a request; `bytes` where it came in binary form. */
export interface RequestTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data?: readonly unknown[];
  readonly bytes?: Uint8Array;
}

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
    throw invalid(
      `UINT8 [N,${size.join(",")}] or BYTES [N]`,
      `${datatype.slice(0, 16)} [${shape.slice(0, 8).join(",")}]`,
    );
  }
  const values = tensor.bytes ? Float64Array.from(tensor.bytes) : flattenNumbers(tensor.data ?? [], "pictures.data");
  const pictureSize = recipeSizeBytes(recipe);
  if (values.length !== count * pictureSize) {
    throw invalid(`${count * pictureSize} numbers, as the shape says`, `${values.length} numbers`);
  }
  for (const value of values) {
    if (!(Number.isInteger(value) && value >= 0 && value <= 255))
      throw invalid("whole numbers from 0 to 255", String(value));
  }
  return Array.from({ length: count }, (_, index) => {
    const bytes = Uint8Array.from(values.subarray(index * pictureSize, (index + 1) * pictureSize));
    return { kind: "pixels", pixels: bytes, where: `pictures[${index}]` };
  });
}

function filesOf({ data, bytes }: RequestTensor, count: number): readonly PictureInput[] {
  const files = bytes ? parseByteStrings(bytes, count) : (data ?? []).flat(2);
  if (files.length !== count) throw invalid(`${count} picture files, as the shape says`, `${files.length} files`);
  return files.map((file, index) => {
    const where = `pictures[${index}]`;
    if (file instanceof Uint8Array) return { kind: "file", bytes: file, where };
    if (typeof file !== "string") throw invalid("picture files as base64", nameOfKind(file));
    return { kind: "file", bytes: decodeBase64(file, where), where };
  });
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
  return new AppError("REQUEST_INVALID", { required, received, where: "input 'pictures'" });
}
