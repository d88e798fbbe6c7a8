/** Labelled pictures for a bundle: with its recipe, its splits and its class indices. */
import { AppError } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import type { BundleInfo } from "../../bundle/bundle.ts";
import { isPackFolder } from "../../dataset/pack/build-pack.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import { type Split, splits } from "../../dataset/sources/source.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import { preparePack } from "../pictures/prepare-pack.ts";

export interface BundlePackOptions {
  /** What `openSource` opens, or the folder of a pack. */
  readonly data: string;
  /** How the source is read; for data of a training as it was read there. */
  readonly reading?: SourceOptions;
  /** Which pictures; `all` takes every one, also those that were trained on. */
  readonly split: Split | "all";
  /** Folder for packs; without it packs stay in memory. */
  readonly packs?: string;
  readonly strict?: boolean;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/**
 * The data under the bundle's recipe, split as it was for training, with the bundle's class indices
 * as targets. Warns where it is not the data that the bundle was trained on. Close its pixels when
 * done.
 * Errors: those of `openSource` and `buildPack`; DATASET_LABELS_DIFFER where the data has a class
 * that the bundle does not have; CONFIG_INVALID where the data is a pack of another recipe.
 */
export async function openBundlePack(info: BundleInfo, options: BundlePackOptions): Promise<Pack> {
  const isPack = await isPackFolder(options.data);
  const { pack } = await preparePack({
    ...options,
    splits: {
      ...(options.split === "all" ? { proportions: { train: 1, val: 0, test: 0 } } : info.lineage.splits),
      isMeasured: true,
    },
    async recipeFor({ own, labels }) {
      requireKnown(info, await labels(), options.data);
      if (isPack && own) requirePackedSize(info, own, options.data);
      return info.recipe;
    },
  });
  const indexOf = pack.labels.map((label) => info.labels.indexOf(label));
  const targets = pack.targets.map((target) => indexOf[target]!);
  const { logger = silentLogger } = options;
  const missing = info.labels.filter((_, index) => !targets.includes(index));
  if (missing.length > 0) logger.warn(`the data has no pictures of ${missing.join(", ")}`);
  if (pack.hash !== info.lineage.datasetHash) {
    logger.warn("this data is not the set that the bundle was trained from", {
      data: pack.hash.slice(0, 12),
      trained: info.lineage.datasetHash.slice(0, 12),
    });
  }
  return { ...pack, targets };
}

/** Positions of the pictures of a split in the pack of `data`. Errors: DATASET_EMPTY where there are none. */
export function chosenIndices(pack: Pack, split: Split | "all", data: string): Uint32Array {
  const sides: readonly Split[] = split === "all" ? splits : [split];
  const indices = Uint32Array.from(sides.flatMap((side) => [...indicesOf(pack, side)]));
  if (indices.length > 0) return indices;
  const filled = splits.filter((other) => indicesOf(pack, other).length > 0);
  throw new AppError("DATASET_EMPTY", {
    required: `pictures in the ${split} split`,
    received: `pictures in ${filled.join(" and ")} alone`,
    where: data,
    hint: `choose the split ${[...filled, "all"].join(" or ")}`,
  });
}

/** The data may have fewer classes than the bundle, not others. Checked before any decoding. */
function requireKnown({ labels }: BundleInfo, given: readonly string[], where: string): void {
  const unknown = given.filter((label) => !labels.includes(label));
  if (unknown.length === 0) return;
  throw new AppError("DATASET_LABELS_DIFFER", {
    required: `pictures of the bundle's classes: ${shorten(labels)}`,
    received: shorten(unknown),
    where,
    hint: "name folders (or files) by the bundle's labels; see them with: pawprint inspect MODEL",
  });
}

function requirePackedSize(
  { recipe }: BundleInfo,
  packed: { readonly width: number; readonly height: number; readonly channels: number },
  where: string,
): void {
  const textOf = ({ width, height, channels }: typeof packed): string => `${width} x ${height} x ${channels}`;
  if (textOf(recipe) === textOf(packed)) return;
  throw new AppError("CONFIG_INVALID", {
    required: `pictures packed for the bundle's input, ${textOf(recipe)}`,
    received: textOf(packed),
    where,
    hint: "give the pictures that the pack was made from",
  });
}

function shorten(labels: readonly string[]): string {
  const shown = labels.slice(0, 8).join(", ");
  return labels.length > 8 ? `${shown} and ${labels.length - 8} more` : shown;
}
