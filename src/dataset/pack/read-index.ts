/** Reads the index of a finished pack, which may be damaged or made up. */
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { openRegularFile } from "../../base/files/regular-file.ts";
import type { SkippedPicture } from "../sources/source.ts";
import {
  decodeContents,
  decodeHeader,
  decodePicture,
  decodeSkipped,
  type IndexContents,
  type PackHeader,
  type PackIndex,
} from "./pack-index.ts";
import { packInvalid } from "./pack-invalid.ts";
import { PictureTable } from "./picture-table.ts";
import { linesOf } from "./sealed-line.ts";

/** Lines before those of the pictures and skipped pictures. */
const leadingLines = 2;

/** Errors: PACK_INVALID, RECIPE_INVALID, FILE_NOT_FOUND, FILE_READ_FAILED. */
export async function readIndexFile(path: string): Promise<{ header: PackHeader; index: PackIndex }> {
  const handle = await openRegularFile(path);
  try {
    let header: PackHeader | undefined;
    let contents: IndexContents | undefined;
    let pictures = new PictureTable();
    const skipped: SkippedPicture[] = [];
    let number = 0;
    for await (const lines of linesOf(handle, path)) {
      for (const line of lines) {
        number++;
        const where = `${path}, line ${number}`;
        if (header === undefined) header = decodeHeader(line, where);
        else if (contents === undefined) {
          contents = decodeContents(line, where);
          // What a file claims is not believed beyond what it can hold.
          pictures = new PictureTable(Math.min(contents.pictures, 2 ** 20));
        } else if (skipped.length < contents.skipped) skipped.push(decodeSkipped(line, where));
        else pictures.add(decodePicture(line, where));
      }
    }
    if (header === undefined || contents === undefined)
      throw packInvalid("a pack's index", "less than two lines", path);
    if (pictures.length !== contents.pictures)
      throw packInvalid(`${contents.pictures} pictures`, `${pictures.length}`, path);
    const index = { source: contents.source, pictures, skipped };
    requireDistinct(index, path);
    return { header, index };
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  } finally {
    await handle.close();
  }
}

/**
 * Every picture stands there once and has a row of its own. A build leaves at most as many rows
 * unused as there are pictures.
 */
function requireDistinct({ pictures, skipped }: PackIndex, path: string): void {
  const ids = new Set<string>();
  const rowEnd = 2 * (pictures.length + skipped.length);
  const isTaken = new Uint8Array(rowEnd);
  for (let at = 0; at < pictures.length; at++) {
    const where = `${path}, line ${leadingLines + skipped.length + at + 1}`;
    const id = pictures.id(at);
    const row = pictures.row(at);
    if (ids.size === ids.add(id).size) throw packInvalid("every picture once", `'${id}' again`, where);
    if (row >= rowEnd) throw packInvalid(`a row below ${rowEnd}`, `row ${row}`, where);
    if (isTaken[row] === 1) throw packInvalid("a row of its own for every picture", `row ${row} again`, where);
    isTaken[row] = 1;
  }
}
