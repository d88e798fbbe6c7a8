/** Scans every picture of a source in parallel. */
import { type Progress, silentProgress } from "../../../base/progress.ts";
import { forEachInParallel } from "../../../image/in-parallel.ts";
import { type SkippedPicture, type Source, sizeOfSample } from "../../sources/source.ts";
import { type ScannedPicture, scanPicture } from "./scan-picture.ts";

export interface ScanOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** How many pictures are read and decoded at once. */
  readonly concurrency?: number;
}

/** Every picture of a source, scanned. */
export interface ScannedSource {
  /** In the source's order. */
  readonly pictures: readonly ScannedPicture[];
  readonly skipped: readonly SkippedPicture[];
}

/**
 * Every labelled picture read, hashed and decoded once. Of each some 1 kB is kept (facts and a
 * fingerprint), no pixels.
 * Errors: SOURCE_CHANGED, INTERRUPTED, and what the source throws where it fails as a whole.
 */
export async function scanSource(
  source: Source,
  { progress = silentProgress, signal, concurrency }: ScanOptions = {},
): Promise<ScannedSource> {
  // Counted and not kept: millions of samples would take gigabytes.
  let total = 0;
  for await (const _sample of source.samples()) total++;
  const pictures: ScannedPicture[] = [];
  const task = progress.start({ label: "check", total, unit: "pictures" });
  let faults = 0;
  try {
    await forEachInParallel(
      source.samples(),
      async (sample, at) => {
        const picture = await scanPicture(sample);
        pictures[at] = picture;
        if (picture.fault !== undefined) faults++;
        task.advance(1, faults > 0 ? `${faults} unusable` : undefined);
      },
      { signal, sizeOf: sizeOfSample, ...(concurrency !== undefined && { concurrency }) },
    );
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return { pictures, skipped: source.skipped };
}
