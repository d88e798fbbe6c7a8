/** What earlier builds, finished or not, left in a pack's folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { openRegularFile } from "../../base/files/regular-file.ts";
import type { Logger } from "../../base/logger.ts";
import { decodeHeader, decodePicture, indexName, type PackHeader, type PackIndex } from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import { readIndexFile } from "./read-index.ts";
import { linesOf } from "./sealed-line.ts";

/** Rows that a build may go on from; whether they are intact is not known yet. */
export interface EarlierBuild {
  readonly header: PackHeader;
  readonly pictures: PictureTable;
  /** The first row that nobody has. */
  readonly freeRow: number;
}

export interface EarlierBuilds {
  /** The pack that the folder holds. */
  readonly finished: (EarlierBuild & Pick<PackIndex, "source">) | undefined;
  /** A build that was ended; the rows that it started from are among its own. */
  readonly begun: EarlierBuild | undefined;
}

/** A damaged one, or one of another version, is told and passed over. Errors: FILE_READ_FAILED. */
export async function findEarlierBuilds(folder: string, logger: Logger): Promise<EarlierBuilds> {
  const names = await readdir(folder);
  async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AppError) || !["PACK_INVALID", "RECIPE_INVALID"].includes(error.code)) throw error;
      logger.warn(`the pack in ${folder} is built anew: ${error.message}`);
      return undefined;
    }
  }
  return {
    finished: await attempt(() => readIndexIfThere(folder, names)),
    begun: await attempt(() => readJournals(folder, names)),
  };
}

async function readIndexIfThere(folder: string, names: readonly string[]): Promise<EarlierBuilds["finished"]> {
  if (!names.includes(indexName)) return undefined;
  const { header, index } = await readIndexFile(join(folder, indexName));
  const { pictures, source } = index;
  return { header, pictures, freeRow: pictures.freeRow, source };
}

async function readJournals(folder: string, names: readonly string[]): Promise<EarlierBuild | undefined> {
  const [name] = names.filter((candidate) => candidate.endsWith(".journal"));
  if (name === undefined) return undefined;
  const path = join(folder, name);
  const handle = await openRegularFile(path);
  try {
    let header: PackHeader | undefined;
    const pictures = new PictureTable();
    for await (const lines of linesOf(handle, path)) {
      for (const line of lines) {
        if (header === undefined) header = decodeHeader(line, path);
        else addIfWhole(pictures, line, path);
      }
    }
    return header && { header, pictures, freeRow: pictures.freeRow };
  } catch (error) {
    throw error instanceof AppError ? error : readFailure(path, error);
  } finally {
    await handle.close();
  }
}

/** A line may be torn after a power cut; its picture is decoded again. */
function addIfWhole(pictures: PictureTable, line: Uint8Array, path: string): void {
  try {
    pictures.add(decodePicture(line, path));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}
