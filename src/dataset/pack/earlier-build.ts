/** Rows that an earlier build, finished or not, left in a pack's folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { readText } from "../../base/files/read-file.ts";
import type { Logger } from "../../base/logger.ts";
import type { Recipe } from "../../image/recipe.ts";
import { decodeHeader, indexName, type PackHeader, pictureRowOf } from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import { readIndexFile } from "./read-index.ts";
import { openShards, wholeRows } from "./shards.ts";

export interface EarlierBuild {
  readonly header: PackHeader;
  /** Pictures with intact rows. */
  readonly pictures: PictureTable;
  /** The first row that nobody has. */
  readonly freeRow: number;
}

/** The build to continue: a journal, which includes the rows it started from, else an index. */
export async function findEarlierBuild(
  folder: string,
  recipe: Recipe,
  logger: Logger,
): Promise<EarlierBuild | undefined> {
  const names = await readdir(folder);
  for (const read of [() => readJournals(folder, names), () => readIndexIfThere(folder, names)]) {
    try {
      const found = await read();
      if (found && JSON.stringify(found.header.recipe) === JSON.stringify(recipe)) return found;
    } catch (error) {
      if (!(error instanceof AppError) || !["PACK_INVALID", "RECIPE_INVALID"].includes(error.code)) throw error;
      logger.warn(`the pack in ${folder} is built anew: ${error.message}`);
    }
  }
  return undefined;
}

async function readIndexIfThere(folder: string, names: readonly string[]): Promise<EarlierBuild | undefined> {
  if (!names.includes(indexName)) return undefined;
  const { header, index } = await readIndexFile(join(folder, indexName));
  const { freeRow } = index.pictures;
  // Nothing is kept from shards that are not whole.
  await (await openShards(folder, header, freeRow)).close();
  return { header, pictures: index.pictures, freeRow };
}

async function readJournals(folder: string, names: readonly string[]): Promise<EarlierBuild | undefined> {
  const [name] = names.filter((candidate) => candidate.endsWith(".journal"));
  if (name === undefined) return undefined;
  const path = join(folder, name);
  const text = await readText(path);
  const lines = text.split("\n");
  // An incomplete last line is dropped; a journal without a line break has no header.
  lines.pop();
  const [first, ...others] = lines;
  if (first === undefined) return undefined;
  const header = decodeHeader(first, path);
  const pictures = new PictureTable();
  for (const line of others) {
    try {
      pictures.add(pictureRowOf(line, path));
    } catch {
      // A torn line after a power cut; the rows before it are verified by checksum.
      break;
    }
  }
  return { header, pictures: await wholeRows(folder, header, pictures), freeRow: pictures.freeRow };
}
