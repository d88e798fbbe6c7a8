/**
 * Builds a pack in a folder so that it can be killed at any moment: rows go to shards, then what is
 * known of them to a journal, and at the end an index takes the place of the old one in one step. A
 * row counts once its journal line is there and its checksum is right.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { removeLeftovers, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure, writeFailure } from "../../base/files/file-failure.ts";
import type { Logger } from "../../base/logger.ts";
import type { Recipe } from "../../image/recipe.ts";
import {
  decodeHeader,
  decodePicture,
  encodeHeader,
  encodeIndex,
  encodePicture,
  encodePictures,
  type PackHeader,
  rowsPerShardOf,
} from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import { readIndexFile } from "./read-index.ts";
import type { RowWriter } from "./row-writer.ts";
import { generationOf, openShards, ShardWriter, wholeRows } from "./shards.ts";

export const indexName = "index.jsonl";

/**
 * So many rows are written between two flushes to the disk: about a second's work, lost at most
 * where the power is cut.
 */
const rowsPerFlush = 512;

interface EarlierBuild {
  readonly header: PackHeader;
  /** Those whose rows are whole. */
  readonly pictures: PictureTable;
  /** The first row that nobody has. */
  readonly freeRow: number;
}

/**
 * Opens a folder (which must exist, and be locked by the caller) for building. Rows of an earlier
 * build, finished or not, are kept where recipe, id and stamp are the same. Where more than half of
 * its rows would be left unused, everything is built anew.
 * Errors: FILE_READ_FAILED, FILE_WRITE_FAILED.
 */
export async function openFolderWriter(
  folder: string,
  recipe: Recipe,
  wanted: PictureTable,
  logger: Logger,
): Promise<RowWriter> {
  await removeLeftovers(folder, [".jsonl", ".journal"]);
  const earlier = await findEarlierBuild(folder, recipe, logger);
  if (earlier === undefined) return startWriter(folder, newBuild(recipe));
  const positions = positionsOf(earlier.pictures);
  let keptCount = 0;
  for (let at = 0; at < wanted.length; at++) {
    if (isKept(earlier.pictures, positions.get(wanted.id(at)), wanted.stamp(at))) keptCount++;
  }
  const isWorthKeeping = earlier.freeRow + wanted.length - keptCount <= 2 * wanted.length;
  return startWriter(folder, isWorthKeeping ? earlier : newBuild(recipe));
}

function positionsOf(pictures: PictureTable): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  for (let at = 0; at < pictures.length; at++) positions.set(pictures.id(at), at);
  return positions;
}

function isKept(pictures: PictureTable, at: number | undefined, stamp: string): at is number {
  return at !== undefined && pictures.stamp(at) === stamp;
}

function newBuild(recipe: Recipe): EarlierBuild {
  const generation = randomBytes(4).toString("hex");
  return {
    header: { recipe, generation, rowsPerShard: rowsPerShardOf(recipe) },
    pictures: new PictureTable(),
    freeRow: 0,
  };
}

function startWriter(folder: string, { header, pictures, freeRow }: EarlierBuild): RowWriter {
  const positions = positionsOf(pictures);
  const shards = new ShardWriter(folder, header);
  const journal = new Journal(join(folder, journalName(header.generation)), header, pictures);
  let written = new LineBuffer();
  let spare = new LineBuffer();
  let flushing = Promise.resolve();

  /** One flush after another: first the rows, then the lines that say they are there. */
  function flush(): Promise<void> {
    flushing = flushing.then(async () => {
      const lines = written;
      written = spare;
      await shards.sync();
      await journal.append(lines.bytes());
      lines.clear();
      spare = lines;
    });
    return flushing;
  }
  async function close(): Promise<void> {
    try {
      await flush();
    } finally {
      await shards.close();
      await journal.close();
    }
  }

  return {
    kept(id, stamp) {
      const at = positions.get(id);
      return isKept(pictures, at, stamp) ? pictures.get(at) : undefined;
    },
    freeRow,
    async write(picture, pixels) {
      await shards.write(picture.row, pixels);
      written.add(encodePicture(picture));
      if (written.lineCount === rowsPerFlush) await flush();
    },
    async finish(index) {
      await close();
      await writeFileAtomic(join(folder, indexName), encodeIndex(header, index), { force: true });
      await removeOthers(folder, header.generation);
      return openShards(folder, header, index.pictures.freeRow);
    },
    abandon: close,
  };
}

function journalName(generation: string): string {
  return `${generation}.journal`;
}

/** Shards and journals that the index just written does not name. */
async function removeOthers(folder: string, generation: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const of = generationOf(name);
    if ((of !== undefined && of !== generation) || name === journalName(generation)) await rm(join(folder, name));
  }
}

/**
 * What the folder holds that could be built upon: a journal, which repeats what it started from,
 * else an index.
 */
async function findEarlierBuild(folder: string, recipe: Recipe, logger: Logger): Promise<EarlierBuild | undefined> {
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
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw readFailure(path, error);
  });
  const lines = text.split("\n");
  // What follows the last line break was cut off; a journal without any break has not even a
  // header.
  lines.pop();
  const [first, ...others] = lines;
  if (first === undefined) return undefined;
  const header = decodeHeader(first, path);
  const pictures = new PictureTable();
  for (const line of others) {
    try {
      pictures.add(decodePicture(line, path));
    } catch {
      // Power was cut while the journal was written: what stands before is judged by its checksums.
      break;
    }
  }
  return { header, pictures: await wholeRows(folder, header, pictures), freeRow: pictures.freeRow };
}

/**
 * Lines that wait for the next flush, as bytes: strings that live so long would pile up in the
 * heap's old part.
 */
class LineBuffer {
  #bytes = Buffer.alloc(2 ** 18);
  #end = 0;
  lineCount = 0;

  add(line: string): void {
    const sizeBytes = Buffer.byteLength(line);
    if (this.#end + sizeBytes > this.#bytes.length) {
      const grown = Buffer.alloc(2 * (this.#bytes.length + sizeBytes));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#end += this.#bytes.write(line, this.#end);
    this.lineCount++;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  clear(): void {
    this.#end = 0;
    this.lineCount = 0;
  }
}

/**
 * The lines of what is safely written. Begins with what is kept, so that one file tells all; not
 * made before there is more to tell.
 */
class Journal {
  readonly #path: string;
  readonly #header: PackHeader;
  readonly #kept: PictureTable;
  #handle: FileHandle | undefined;

  constructor(path: string, header: PackHeader, kept: PictureTable) {
    this.#path = path;
    this.#header = header;
    this.#kept = kept;
  }

  async append(lines: Uint8Array): Promise<void> {
    if (lines.length === 0) return;
    try {
      this.#handle ??= await this.#start();
      await this.#handle.appendFile(lines);
      await this.#handle.datasync();
    } catch (error) {
      throw error instanceof AppError ? error : writeFailure(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #start(): Promise<FileHandle> {
    const { header, kept } = { header: this.#header, kept: this.#kept };
    const lines = function* () {
      yield encodeHeader(header);
      yield* encodePictures(kept);
    };
    await writeFileAtomic(this.#path, lines(), { force: true });
    return open(this.#path, "a");
  }
}
