/** A reference profile for a bundle that has none, or for other pictures than those it has it of. */

import { writeFileAtomic } from "../base/files/atomic-file.ts";
import { readBytes } from "../base/files/read-file.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import { withReference } from "../bundle/bundle.ts";
import { type BundleFile, inspectBundle } from "../bundle/bundle-file.ts";
import { requireFreePath } from "../bundle/export-bundle.ts";
import { loadBundle } from "../bundle/load-bundle.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { Split } from "../dataset/sources/source.ts";
import type { SourceOptions } from "../dataset/sources/source-options.ts";
import type { Executor } from "../runtime/executor.ts";
import { chosenIndices, openBundlePack } from "../train/evaluation/bundle-pack.ts";
import { measureReference } from "../train/evaluation/measure-reference.ts";
import { predictSplit } from "../train/evaluation/predict-split.ts";

export interface MakeReferenceOptions {
  /** The bundle's file. */
  readonly bundle: string;
  /** Labelled pictures, as for an evaluation. */
  readonly data: string;
  readonly reading?: SourceOptions;
  /** Default test, which a model did not see in its training. */
  readonly split?: Split | "all";
  /** The file of the bundle with the profile. */
  readonly out: string;
  readonly force?: boolean;
  readonly packs?: string;
  readonly strict?: boolean;
  readonly executor: Executor;
  readonly progress?: Progress;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

export interface MadeReference {
  readonly bundle: BundleFile;
  readonly reference: ReferenceProfile;
}

const batchSize = 64;

/**
 * Lets the bundle answer the pictures and writes a copy of it with the profile; graph, weights and
 * the rest of its metadata stay as they are.
 * Errors: FILE_EXISTS; those of `loadBundle` and `openBundlePack`; DATASET_EMPTY where the split has
 * no pictures; FILE_WRITE_FAILED, INTERRUPTED.
 */
export async function makeReference(options: MakeReferenceOptions): Promise<MadeReference> {
  const { data, reading, split = "test", out, force = false, executor, signal } = options;
  const { progress = silentProgress, logger = silentLogger } = options;
  await requireFreePath(out, force);
  const bytes = await readBytes(options.bundle);
  const bundle = await loadBundle({ bytes, where: options.bundle }, executor, { embedding: true });
  try {
    const pack = await openBundlePack(bundle.info, { ...options, split });
    try {
      const indices = chosenIndices(pack, split, data);
      const answers = await predictSplit(bundle, pack, indices, { batchSize, progress, signal });
      const { labels } = bundle.info;
      const embed = async (pixels: Uint8Array) => (await bundle.answer(pixels)).embedding;
      const about = { pack, indices, answers, embed, labels, split, data, reading, progress, logger, signal };
      const reference = await measureReference(about);
      await writeFileAtomic(out, withReference(bytes, reference, options.bundle), { force, ...(signal && { signal }) });
      return { bundle: await inspectBundle(out), reference };
    } finally {
      await pack.pixels.close();
    }
  } finally {
    await bundle.close();
  }
}
