/**
 * Builds a pack in a folder, crash-safe: rows go to shards, then a line for each to a journal; at
 * the end the index replaces the old one atomically. A row counts once its journal line is there
 * and its checksum is right.
 */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../base/errors.ts";
import { removeLeftovers, writeFileAtomic } from "../../base/files/atomic-file.ts";
import type { Logger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import { formatAmount } from "../../base/quantity.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { Source } from "../sources/source.ts";
import { type EarlierBuild, type EarlierBuilds, findEarlierBuilds } from "./earlier-build.ts";
import { Journal, journalName, LineBuffer } from "./journal.ts";
import { encodeIndex, encodePicture, indexName, rowsPerShardOf } from "./pack-index.ts";
import { PictureTable } from "./picture-table.ts";
import type { RowWriter } from "./row-writer.ts";
import { ShardWriter } from "./shard-writer.ts";
import { generationOf, openShards } from "./shards.ts";
import { wholeRows } from "./whole-rows.ts";

/** Rows between two flushes: about a second of work, the most that a power cut loses. */
const rowsPerFlush = 512;

export interface FolderWriterOptions {
  /** Replace the pack of another source. */
  readonly force: boolean;
  readonly logger: Logger;
  readonly progress: Progress | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens a folder (which must exist, and be locked by the caller) for building. Rows of an earlier
 * build, finished or not, are kept where they are intact and recipe, id and stamp are the same.
 * Where more than half of its rows would be left unused, everything is built anew.
 * Errors: FILE_EXISTS for the pack of another source; INTERRUPTED, FILE_READ_FAILED,
 * FILE_WRITE_FAILED.
 */
export async function openFolderWriter(
  folder: string,
  recipe: Recipe,
  { source, wanted }: { readonly source: Pick<Source, "kind" | "location">; readonly wanted: PictureTable },
  { force, logger, progress, signal }: FolderWriterOptions,
): Promise<RowWriter> {
  await removeLeftovers(folder, [".jsonl", ".journal"]);
  const { finished, begun } = await findEarlierBuilds(folder, logger);
  if (finished !== undefined && !force) requireSameSource(finished, source, wanted, folder);
  const earlier = [begun, finished].find(
    (build) => build && JSON.stringify(build.header.recipe) === JSON.stringify(recipe),
  );
  if (earlier === undefined) return startWriter(folder, newBuild(recipe));
  const { header } = earlier;
  const pictures = await wholeRows(folder, header, earlier.pictures, { progress, signal });
  const damagedCount = earlier.pictures.length - pictures.length;
  if (earlier === finished && damagedCount > 0) {
    const what = formatAmount(damagedCount, "pictures");
    logger.warn(`decoded again, since their pixels in ${folder} were damaged: ${what}`);
  }
  // No row of the finished pack is written over before there is another index.
  const ofFinished = finished?.header.generation === header.generation ? finished.freeRow : 0;
  const freeRow = Math.max(earlier.freeRow, ofFinished);
  const isWorthKeeping = freeRow + wanted.length - countKept(pictures, wanted) <= 2 * wanted.length;
  return startWriter(folder, isWorthKeeping ? { header, pictures, freeRow } : newBuild(recipe));
}

/**
 * A pack belongs to the place that it was made of. Another place is taken for the same source, moved
 * or mounted elsewhere or in a new version, where it has at least half of the pack's pictures with
 * the same id and stamp.
 */
function requireSameSource(
  { pictures, source: packed }: NonNullable<EarlierBuilds["finished"]>,
  source: Pick<Source, "kind" | "location">,
  wanted: PictureTable,
  folder: string,
): void {
  if (placeOf(packed.location) === placeOf(source.location)) return;
  if (2 * countKept(pictures, wanted) >= pictures.length) return;
  throw new AppError("FILE_EXISTS", {
    required: `a folder that is new, or holds a pack of the same pictures`,
    received: `the pack of ${packed.location}`,
    where: folder,
    hint: "choose another folder, or give `force` to replace that pack",
  });
}

/** Files are told apart by their whole paths, objects by their addresses. */
function placeOf(location: string): string {
  return location.includes("://") ? location : resolve(location);
}

function countKept(pictures: PictureTable, wanted: PictureTable): number {
  const positions = positionsOf(pictures);
  let count = 0;
  for (let at = 0; at < wanted.length; at++) {
    if (isKept(pictures, positions.get(wanted.id(at)), wanted.stamp(at))) count++;
  }
  return count;
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
      return openShards(folder, header, index.pictures);
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
