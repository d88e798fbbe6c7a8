/** Builds a pack from a source, in memory or in a folder, and opens packs that lie in folders. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder } from "../../base/files/atomic-file.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import type { Recipe } from "../../image/recipe.ts";
import { describeSkipped, tellRemarks } from "../describe-skipped.ts";
import type { Source } from "../sources/source.ts";
import { assemblePack, requireComplete, requireSplittable } from "./assemble-pack.ts";
import { openFolderWriter } from "./folder-writer.ts";
import type { Pack, SplitOptions } from "./pack.ts";
import { indexName } from "./pack-index.ts";
import { packSamples } from "./pack-samples.ts";
import { PictureTable } from "./picture-table.ts";
import { readIndexFile } from "./read-index.ts";
import { createMemoryWriter, type RowWriter } from "./row-writer.ts";
import { openShards } from "./shards.ts";

export interface PackOptions extends SplitOptions {
  /**
   * Where the pixels are kept, in files that may be larger than memory; they stay, and the next
   * build decodes only what has changed since. In memory where left out.
   */
  readonly folder?: string;
  /** Replace the pack of another source that the folder holds. */
  readonly force?: boolean;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
  /**
   * Refuse the set at the first picture that cannot be used, instead of skipping it with a warning.
   */
  readonly strict?: boolean;
  /** How many pictures are read and decoded at once. */
  readonly concurrency?: number;
}

/**
 * Reads every picture of a source once and keeps its pixels under the recipe. Pictures that cannot
 * be read, and pictures whose exact copy stands under another label, are skipped, named in a
 * warning and listed in the pack. Close the pack's pixels when done.
 * Errors: DATASET_EMPTY, DATASET_ONE_CLASS, DATASET_CLASS_TOO_SMALL, DATASET_TOO_LARGE,
 * SOURCE_CHANGED, LOCKED, INTERRUPTED, FILE_WRITE_FAILED; FILE_EXISTS where the folder holds the
 * pack of another source; CONFIG_INVALID for proportions and folds; with `strict` also the error of the first picture that cannot be used. After any of them a folder
 * holds its old pack, and the rows that were finished count in the next build.
 */
export async function buildPack(source: Source, recipe: Recipe, options: PackOptions = {}): Promise<Pack> {
  const listed = new PictureTable();
  for await (const sample of source.samples()) listed.list(sample);
  if (options.strict) requireComplete(source);
  requireSplittable(listed, options, source);
  tellRemarks(source.remarks, options.logger ?? silentLogger);
  const { folder, force = false, logger = silentLogger, progress, signal } = options;
  if (folder === undefined) {
    return writePack(source, listed, recipe, createMemoryWriter(recipe, listed.length), options);
  }
  await ensureFolder(folder);
  const build = async (): Promise<Pack> => {
    const known = { source, wanted: listed };
    const writer = await openFolderWriter(folder, recipe, known, { force, logger, progress, signal });
    return writePack(source, listed, recipe, writer, options);
  };
  const lock = join(folder, ".lock");
  const onWait = (who: string): void => logger.info(`waiting for ${who}, which makes the same pack; its lock: ${lock}`);
  return withLock(lock, build, { onWait, ...(signal && { signal }) });
}

async function writePack(
  source: Source,
  pictures: PictureTable,
  recipe: Recipe,
  writer: RowWriter,
  options: PackOptions,
): Promise<Pack> {
  const { logger = silentLogger, strict = false } = options;
  const { kind, location, skipped: notTaken } = source;
  const total = pictures.length + notTaken.length;
  const packed = await packSamples(source, pictures, recipe, writer, options).catch(async (error: unknown) => {
    await writer.abandon();
    throw error;
  });
  if (packed.keptCount > 0) logger.info(`${packed.keptCount} pictures are as they were; nothing was decoded of them`);
  if (packed.darkCount > 0) {
    const what = `${packed.darkCount} of ${total} pictures are nearly black`;
    logger.warn(`${what}; 'data check' tells whether they hold 10- or 12-bit values in 16 bits`);
  }
  const skipped = [...notTaken, ...packed.skipped];
  const index = { source: { kind, location }, pictures, skipped };
  const store = await writer.finish(index);
  try {
    const pack = assemblePack(index, recipe, store, { ...options, strict });
    for (const line of describeSkipped(pack.skipped, total)) logger.warn(line);
    return pack;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** True where a folder holds a pack that is whole. */
export async function isPackFolder(path: string): Promise<boolean> {
  return stat(join(path, indexName)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Opens a pack that `buildPack` left in a folder; the source is not needed any more. `kind` is that
 * of the source.
 * Errors: PACK_INVALID, FILE_NOT_FOUND, FILE_READ_FAILED, and those of cutting splits.
 */
export async function openPack(
  folder: string,
  options: SplitOptions & Pick<PackOptions, "logger" | "strict"> = {},
): Promise<{ readonly pack: Pack; readonly source: Pick<Source, "kind" | "location"> }> {
  const { header, index } = await readIndexFile(join(folder, indexName));
  const store = await openShards(folder, header, index.pictures);
  try {
    const pack = assemblePack(index, header.recipe, store, options);
    const total = index.pictures.length + index.skipped.length;
    for (const line of describeSkipped(pack.skipped, total)) options.logger?.warn(line);
    return { pack, source: index.source };
  } catch (error) {
    await store.close();
    throw error;
  }
}
