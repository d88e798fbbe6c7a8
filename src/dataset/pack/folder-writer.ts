/**
 * Builds a pack in a folder, crash-safe: rows go to shards, then a line for each to a journal; at
 * the end the index replaces the old one atomically. A row counts once its journal line is there
 * and its checksum is right.
 */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeLeftovers, writeFileAtomic } from "../../base/files/atomic-file.ts";
import type { Logger } from "../../base/logger.ts";
import type { Recipe } from "../../image/recipe.ts";
import { type EarlierBuild, findEarlierBuild } from "./earlier-build.ts";
import { Journal, journalName, LineBuffer } from "./journal.ts";
import { encodeIndex, encodePicture, indexName, rowsPerShardOf } from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import type { RowWriter } from "./row-writer.ts";
import { generationOf, openShards, ShardWriter } from "./shards.ts";

/** Rows between two flushes: about a second of work, the most that a power cut loses. */
const rowsPerFlush = 512;

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

  /** Flushes are serialized: first the rows, then their journal lines. */
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

/** Shards and journals that the index just written does not name. */
async function removeOthers(folder: string, generation: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const of = generationOf(name);
    if ((of !== undefined && of !== generation) || name === journalName(generation)) await rm(join(folder, name));
  }
}
