/** From labelled pictures to a pack: opened where it was built before, else built. */
import { join, resolve } from "node:path";
import { AppError } from "../../base/errors.ts";
import { contentHash } from "../../base/hash.ts";
import type { Logger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import { buildPack, isPackFolder, openPack } from "../../dataset/pack/build-pack.ts";
import type { Pack, SplitOptions } from "../../dataset/pack/pack.ts";
import { openSource } from "../../dataset/sources/open-source.ts";
import type { Source, SourceKind } from "../../dataset/sources/source.ts";
import { type SourceOptions, sourceOptionsOf } from "../../dataset/sources/source-options.ts";
import type { PixelImage } from "../../image/decode.ts";
import type { Recipe } from "../../image/recipe.ts";
import { checkedOutVersion } from "../../versioning/versions/checked-out.ts";
import type { DataVersion } from "../../versioning/versions/open-version.ts";
import { sampleShorterSides } from "./picture-sizes.ts";

/** The size of pictures that are pixels already: of idx files, or of a pack. */
export type OwnSize = Pick<PixelImage, "width" | "height" | "channels">;

/** What can be told of pictures before any is decoded. */
export interface PictureFacts {
  /** The size of pictures that are pixels already. */
  readonly own: OwnSize | undefined;
  /** As `sampleShorterSides`; none for a pack, whose pictures have their size. */
  shorterSides(): Promise<readonly number[]>;
  labels(): Promise<readonly string[]>;
}

export interface PreparePackOptions {
  /** What `openSource` opens, or the folder of a pack. */
  readonly data: string;
  readonly reading?: SourceOptions;
  /** Folder for packs; without it packs stay in memory. */
  readonly packs?: string;
  readonly splits?: SplitOptions;
  readonly strict?: boolean;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
  /** Decides the recipe before anything is decoded; that of a pack cannot be changed. */
  recipeFor(facts: PictureFacts, source: Pick<Source, "kind" | "location">): Promise<Recipe> | Recipe;
}

export interface PreparedPack {
  readonly pack: Pack;
  readonly kind: SourceKind;
  /** Where the pictures are a version of data, checked out or not. */
  readonly version?: PackedVersion;
}

/** `isClean` is false where a checked-out folder was changed since, or where that is not known. */
export type PackedVersion = DataVersion & { readonly isClean: boolean };

/**
 * Errors: those of `openSource`, `buildPack`, `openPack` and `recipeFor`; CONFIG_INVALID where a
 * pack was made by another recipe.
 */
export async function preparePack(options: PreparePackOptions): Promise<PreparedPack> {
  return (await isPackFolder(options.data)) ? openPrepared(options) : packSource(options);
}

async function openPrepared(options: PreparePackOptions): Promise<PreparedPack> {
  const { data, splits, strict = false, logger, recipeFor } = options;
  const { pack, source } = await openPack(data, { ...splits, strict, ...(logger && { logger }) });
  try {
    const facts = { own: pack.recipe, shorterSides: async () => [], labels: async () => pack.labels };
    const recipe = await recipeFor(facts, source);
    requireSameRecipe(recipe, pack.recipe, data);
    return { pack, kind: source.kind };
  } catch (error) {
    await pack.pixels.close();
    throw error;
  }
}

async function packSource(options: PreparePackOptions): Promise<PreparedPack> {
  const { data, reading, packs, splits, strict = false, progress, logger, signal, recipeFor } = options;
  const source = await openSource(data, reading);
  try {
    const facts = await pictureFacts(source, { ...(progress && { progress }), signal });
    const recipe = await recipeFor(facts, source);
    // Pixels are read from their source as fast as from a pack.
    const folder = packs === undefined || facts.own ? undefined : join(packs, packName(source, data, reading, recipe));
    const version = source.version === undefined ? await checkedOutVersion(data) : { ...source.version, isClean: true };
    const pack = await buildPack(source, recipe, {
      ...splits,
      strict,
      ...(folder !== undefined && { folder }),
      ...(progress && { progress }),
      ...(logger && { logger }),
      ...(signal && { signal }),
    });
    return { pack, kind: source.kind, ...(version && { version }) };
  } finally {
    await source.close();
  }
}

/**
 * `pets.zip-1f3a...`: one for each source, reading of it, and recipe. A data version is named by its
 * content, so that the same content has the same pack under every tag and in every work tree.
 */
function packName({ version }: Source, data: string, reading: SourceOptions = {}, recipe: Recipe): string {
  const content = version && `data version ${version.md5} ${version.inside ?? ""}`;
  const location = content ?? (data.startsWith("s3://") ? data : resolve(data));
  const chosen = sourceOptionsOf(reading);
  const options = Object.keys(chosen).length === 0 ? [] : [JSON.stringify(chosen)];
  const name = (version?.path ?? location)
    .split(/[\\/]/)
    .at(-1)!
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .slice(0, 60);
  return `${name}-${contentHash([location, ...options, JSON.stringify(recipe)]).slice(0, 12)}`;
}

function requireSameRecipe(wanted: Recipe, packed: Recipe, where: string): void {
  const textOf = ({ width, height, channels, fit, kernel }: Recipe): string =>
    `${width} x ${height}, ${channels} channels, ${fit}, ${kernel}`;
  if (textOf(wanted) === textOf(packed)) return;
  throw new AppError("CONFIG_INVALID", {
    required: `the recipe that the pack was made by: ${textOf(packed)}`,
    received: textOf(wanted),
    where,
    hint: "leave `size`, `channels` and `fit` out, or pack the pictures again with: pawprint data pack SOURCE",
  });
}

/**
 * Progress is told of archives alone: elsewhere it takes a moment. Errors: those of listing a source;
 * those of `sampleShorterSides` when it is asked.
 */
export async function pictureFacts(
  source: Source,
  options: { readonly progress?: Progress; readonly signal?: AbortSignal | undefined } = {},
): Promise<PictureFacts> {
  return {
    own: await ownSize(source),
    shorterSides: () => sampleShorterSides(source, source.kind === "archive" ? options : { signal: options.signal }),
    labels: () => labelsOf(source),
  };
}

/** The size of a source's pictures where they are pixels already. */
async function ownSize(source: Source): Promise<OwnSize | undefined> {
  for await (const sample of source.samples()) return "image" in sample ? sample.image : undefined;
  return undefined;
}

async function labelsOf(source: Source): Promise<readonly string[]> {
  const labels = new Set<string>();
  for await (const { label } of source.samples()) labels.add(label);
  return [...labels];
}
