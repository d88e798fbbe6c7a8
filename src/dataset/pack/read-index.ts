/** Reads the index of a finished pack. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import {
  decodeContents,
  decodeHeader,
  type PackHeader,
  type PackIndex,
  packInvalid,
  pictureRowOf,
} from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";

/** Errors: PACK_INVALID, RECIPE_INVALID, FILE_NOT_FOUND, FILE_READ_FAILED. */
export async function readIndexFile(path: string): Promise<{ header: PackHeader; index: PackIndex }> {
  const stream = createReadStream(path);
  try {
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    let header: PackHeader | undefined;
    let contents: ReturnType<typeof decodeContents> | undefined;
    let pictures = new PictureTable();
    for await (const line of lines) {
      if (header === undefined) header = decodeHeader(line, path);
      else if (contents === undefined) {
        contents = decodeContents(line, path);
        // What a damaged file claims is not believed beyond what it can hold.
        pictures = new PictureTable(Math.min(contents.count, 2 ** 20));
      } else pictures.add(pictureRowOf(line, path));
    }
    if (header === undefined || contents === undefined)
      throw packInvalid("a pack's index", "less than two lines", path);
    const { count, ...facts } = contents;
    if (pictures.length !== count) throw packInvalid(`${count} pictures`, `${pictures.length}`, path);
    return { header, index: { ...facts, pictures } };
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  } finally {
    stream.destroy();
  }
}
