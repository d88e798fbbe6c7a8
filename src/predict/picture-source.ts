/** Pictures as a program has them: a path, the bytes of a file, or a Blob. */
import type { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { pictureLimits, readPictureFile, tooManyBytes } from "../image/decode.ts";

/** One encoded picture. A Buffer is a Uint8Array, and a File is a Blob. */
export type PictureSource = string | Uint8Array | Blob;

/** A picture to be read, or the reason why there is none; `name` is what errors call it. */
export type NamedPicture =
  | { readonly name: string; readonly picture: PictureSource; readonly error?: undefined }
  | { readonly name: string; readonly error: AppError };

/** The names of a call's pictures: paths, and `pictures[2]` for what has none. */
export function namePictures(pictures: PictureSource | readonly PictureSource[]): readonly NamedPicture[] {
  const isOne = typeof pictures === "string" || pictures instanceof Uint8Array || pictures instanceof Blob;
  return (isOne ? [pictures] : pictures).map((picture, at) => ({
    name: typeof picture === "string" ? picture : `pictures[${at}]`,
    picture,
  }));
}

/**
 * The encoded bytes of a picture.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; IMAGE_SIZE above 256 MiB.
 */
export async function readPicture(picture: PictureSource, name: string): Promise<Uint8Array> {
  if (picture instanceof Uint8Array) return picture;
  if (typeof picture === "string") return readPictureFile(picture);
  if (picture.size > pictureLimits.sizeBytes) throw tooManyBytes(picture.size, name);
  const content = await picture.arrayBuffer().catch((cause: unknown) => {
    throw readFailure(name, cause);
  });
  return new Uint8Array(content);
}
