/** Builds a pack: the dataset decoded and resized once, in memory, ready to train from. */
import { AppError, contentHash, type Logger, type Progress, silentLogger } from "../base/index.ts";
import { type Recipe, recipeSizeBytes } from "../image/index.ts";
import { closeGaps, decodeSamples } from "./decode-samples.ts";
import { countBy, describeSkipped, requireClasses, sortLabels } from "./inspect.ts";
import { type Sample, type SkippedPicture, type Source, type Split, splits } from "./sources/source.ts";
import { assignSplits, minimumPerClass, type Proportions, planSplits } from "./split.ts";

export interface Pack {
  readonly recipe: Recipe;
  /** Class names; the position is the class index. */
  readonly labels: readonly string[];
  /** uint8 `[count, height, width, channels]`. */
  readonly pixels: Uint8Array;
  /** The class index of each picture. */
  readonly targets: Int32Array;
  /** The split of each picture, as its position in `splits`: 0 train, 1 val, 2 test. */
  readonly splits: Uint8Array;
  /** Each picture's path in its source. */
  readonly ids: readonly string[];
  /** SHA-256 of each picture's file, or of its pixels where they came without one. */
  readonly hashes: readonly string[];
  readonly skipped: readonly SkippedPicture[];
  /** The dataset's content hash, over the sorted pairs of picture hash and label: order and names play no part. */
  readonly hash: string;
}

export interface PackOptions {
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
  /** Refuse the set at the first picture that cannot be used, instead of skipping it with a warning. */
  readonly strict?: boolean;
  readonly proportions?: Proportions;
  /** Changes which pictures fall into which split. */
  readonly salt?: string;
  /** How many pictures are read and decoded at once. */
  readonly concurrency?: number;
}

/**
 * Reads every picture of a source once and puts its pixels under the recipe into one block. Pictures that cannot be read, and
 * pictures whose exact copy stands under another label, are skipped, named in a warning and listed in the pack.
 * Errors: DATASET_EMPTY, DATASET_ONE_CLASS, DATASET_CLASS_TOO_SMALL, DATASET_TOO_LARGE, INTERRUPTED; CONFIG_INVALID for the
 * proportions; with `strict` also the error of the first picture that cannot be used.
 */
export async function buildPack(source: Source, recipe: Recipe, options: PackOptions = {}): Promise<Pack> {
  const { strict = false, logger = silentLogger, proportions, salt } = options;
  const samples: Sample[] = [];
  for await (const sample of source.samples()) samples.push(sample);
  const given = new Set(samples.flatMap(({ split }) => split ?? []));
  const plan = planSplits(given, proportions);
  const minimum = given.size > 0 ? 1 : minimumPerClass(plan);
  const check = (of: readonly Sample[]): void => requireClasses(countBy(of, labelOf), minimum, source.location);

  if (strict) refuseFirst(source.skipped, source.location);
  check(samples);
  const decoded = await decodeSamples(samples, recipe, options);
  const conflicts = findLabelConflicts(samples, decoded.hashes);
  if (strict) refuseFirst(conflicts, source.location);

  const inConflict = new Set(conflicts.map(({ id }) => id));
  const keptAt = samples.flatMap(({ id }, at) => (decoded.hashes[at] === undefined || inConflict.has(id) ? [] : [at]));
  const kept = keptAt.map((at) => samples[at]!);
  const hashes = keptAt.map((at) => decoded.hashes[at]!);
  const skipped = [...source.skipped, ...decoded.skipped, ...conflicts];
  for (const line of describeSkipped(skipped, samples.length + source.skipped.length)) logger.warn(line);
  // Copies of one picture count once: they all go to the same split.
  check([...new Map(kept.map((sample, at) => [hashes[at], sample])).values()]);

  const sides = assignSplits(
    kept.map(({ label, split }, at) => ({ hash: hashes[at]!, label, given: split })),
    plan,
    salt,
  );
  const labels = sortLabels(kept.map(labelOf));
  const indexOf = new Map(labels.map((label, index) => [label, index]));
  return {
    recipe,
    labels,
    pixels: closeGaps(decoded.pixels, keptAt, recipeSizeBytes(recipe)),
    targets: Int32Array.from(kept, ({ label }) => indexOf.get(label)!),
    splits: Uint8Array.from(sides, (side) => splits.indexOf(side)),
    ids: kept.map(({ id }) => id),
    hashes,
    skipped,
    hash: contentHash(kept.map(({ label }, at) => `${hashes[at]} ${label}`).sort()),
  };
}

/** The pictures of one split, as positions in the pack, in the pack's order. */
export function indicesOf(pack: Pick<Pack, "splits">, split: Split): Uint32Array {
  const side = splits.indexOf(split);
  const indices = new Uint32Array(pack.splits.length);
  let count = 0;
  pack.splits.forEach((at, index) => {
    if (at === side) indices[count++] = index;
  });
  return indices.slice(0, count);
}

function labelOf({ label }: Sample): string {
  return label;
}

function refuseFirst([first]: readonly SkippedPicture[], location: string): void {
  if (first === undefined) return;
  throw new AppError(first.code, {
    required: "every picture can be used, since --strict is given",
    received: `'${first.id}': ${first.reason}`,
    where: location,
  });
}

/** Every picture whose exact copy stands under another label: nobody can tell which label is right, so all copies go. */
function findLabelConflicts(samples: readonly Sample[], hashes: readonly (string | undefined)[]): SkippedPicture[] {
  const labelsOf = new Map<string, Set<string>>();
  samples.forEach(({ label }, at) => {
    const hash = hashes[at];
    if (hash === undefined) return;
    const labels = labelsOf.get(hash);
    if (labels === undefined) labelsOf.set(hash, new Set([label]));
    else labels.add(label);
  });
  return samples.flatMap(({ id }, at) => {
    const labels = [...(labelsOf.get(hashes[at] ?? "") ?? [])];
    if (labels.length < 2) return [];
    const reason = `the same picture stands under ${labels.map((label) => `'${label}'`).join(" and ")}`;
    return [{ id, code: "DATASET_LABEL_CONFLICT", reason }];
  });
}
