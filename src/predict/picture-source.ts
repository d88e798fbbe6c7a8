/** The pictures of a call: named, and read when their turn comes. */

import type { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { pathOf } from "../base/files/file-path.ts";
import { type FileSource, type ParsedFile, parseFileSource } from "../base/files/file-source.ts";
import { pictureLimits, readPictureFile, tooManyBytes } from "../image/decode.ts";

/** A picture to be read, or the reason why there is none; `name` is what errors call it. */
export type NamedPicture =
  | { readonly name: string; readonly picture: ParsedFile; readonly error?: undefined }
  | { readonly name: string; readonly error: AppError };

/**
 * The names of a call's pictures: paths, and `pictures[2]` for what has none. Errors:
 * ARGUMENT_INVALID where one is no picture source.
 */
export function namePictures(pictures: FileSource | readonly FileSource[]): readonly NamedPicture[] {
  if (!Array.isArray(pictures)) return [namePicture(pictures, "pictures")];
  // `from` visits holes in the list, too.
  return Array.from<unknown, NamedPicture>(pictures, (picture, at) => namePicture(picture, `pictures[${at}]`));
}

/** The same of one picture, called `name` where it has no path. */
export function namePicture(given: unknown, name: string): NamedPicture {
  const picture = parseFileSource(given, name);
  if (picture.kind !== "file") return { name, picture };
  const path = pathOf(picture.path);
  return { name: path, picture: { kind: "file", path } };
}

/**
 * The encoded bytes of a picture.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; IMAGE_SIZE above 256 MiB.
 */
export async function readPicture(picture: ParsedFile, name: string): Promise<Uint8Array> {
  if (picture.kind === "bytes") return picture.bytes;
  if (picture.kind === "file") return readPictureFile(pathOf(picture.path));
  if (picture.blob.size > pictureLimits.sizeBytes) throw tooManyBytes(picture.blob.size, name);
  const content = await picture.blob.arrayBuffer().catch((cause: unknown) => {
    throw readFailure(name, cause);
  });
  return new Uint8Array(content);
}
