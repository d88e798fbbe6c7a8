/** Copies labelled pictures from any source into a folder of folders, whole or not at all. */
import { open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { byCodeUnits } from "../base/by-code-units.ts";
import { countBy } from "../base/count-by.ts";
import { AppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../base/files/file-failure.ts";
import { readBytes } from "../base/files/read-file.ts";
import { sha256 } from "../base/hash.ts";
import { withLock } from "../base/locks/lock-file.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import type { PixelImage } from "../image/decode.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import { noneUsable } from "./describe-skipped.ts";
import { isPictureFault } from "./pack/pack-samples.ts";
import { declareOwn, pathsName, removeOthers } from "./partial-folder.ts";
import {
  importManifestName,
  manifestLines,
  type PlannedPicture,
  planImport,
  type RenamedClass,
} from "./plan-import.ts";
import { type SkippedPicture, type Source, type Split, sizeOfSample } from "./sources/source.ts";

export interface ImportOptions {
  /** The folder to make. */
  readonly to: string;
  /** Take the place of a folder that is there. */
  readonly force?: boolean;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** What an import copied and skipped. */
export interface ImportReport {
  readonly location: string;
  readonly pictures: number;
  readonly sizeBytes: number;
  readonly classes: readonly { readonly label: string; readonly split: Split | undefined; readonly pictures: number }[];
  readonly skipped: readonly SkippedPicture[];
  /** Classes of which no picture could be copied, with how many were skipped. */
  readonly lostClasses: readonly { readonly label: string; readonly pictures: number }[];
  /** Classes whose folders cannot have their names. */
  readonly renamed: readonly RenamedClass[];
  /** How many files could not keep their names. */
  readonly renamedFiles: number;
  /**
   * The name of a manifest in the folder: present where the folders alone do not give every label
   * and split back, as where classes were renamed.
   */
  readonly manifest?: string;
}

/**
 * Copies every picture to `TO/LABEL/NAME`, or to `TO/SPLIT/LABEL/NAME` where the source gives
 * splits; the bytes stay as they are, pictures without a file become PNG. It works in
 * `TO.importing` and renames that at the end, so that a folder `TO` is always whole; after an
 * interruption, or kill -9, the next import of the same source keeps the files that are there
 * already, and removes what it does not need; where others put files there, it asks for them to be
 * moved away. Names are made safe for every system and for every reader of the folder; where they cannot
 * tell every label and split, `labels.csv` in the folder does.
 * Errors: FILE_EXISTS where `to` holds something and `force` is not given, and for files of others
 * in `TO.importing`; DATASET_EMPTY where every picture was skipped; LOCKED; FILE_WRITE_FAILED; those
 * that end the work on a source.
 */
export async function importSource(source: Source, options: ImportOptions): Promise<ImportReport> {
  const { to, force = false, signal } = options;
  await requireFree(to, force);
  await ensureFolder(dirname(to));
  const work = async (): Promise<ImportReport> => {
    const partial = `${to}.importing`;
    await ensureFolder(partial);
    const report = await copyAll(source, partial, options);
    await takePlace(partial, to);
    await rm(join(to, pathsName), { force: true });
    return { ...report, location: to };
  };
  return withLock(`${to}.lock`, work, { ...(signal && { signal }) });
}

async function copyAll(
  source: Source,
  partial: string,
  options: ImportOptions,
): Promise<Omit<ImportReport, "location">> {
  const { progress = silentProgress, signal, concurrency } = options;
  const { pictures: planned, renamed, renamedFiles, needsManifest } = await planImport(source);
  const own = await declareOwn(partial, [...planned.map(({ path }) => path), importManifestName]);
  const skipped: SkippedPicture[] = [...source.skipped];
  /** Sizes by the position in the plan. */
  const copied = new Map<number, number>();
  const task = progress.start({ label: "import", total: planned.length, unit: "pictures" });
  try {
    await forEachInParallel(
      source.samples(),
      async (sample, at) => {
        try {
          const bytes = "bytes" in sample ? await sample.bytes() : await encodePng(sample.image);
          await keepOrWrite(join(partial, planned[at]!.path), bytes);
          copied.set(at, bytes.byteLength);
        } catch (error) {
          if (!isPictureFault(error)) throw error;
          skipped.push({ id: sample.id, label: sample.label, code: error.code, reason: error.summary });
        }
        task.advance();
      },
      { signal, sizeOf: sizeOfSample, ...(concurrency !== undefined && { concurrency }) },
    );
    const pictures = planned.filter((_, at) => copied.has(at));
    const hasManifest = needsManifest(pictures);
    if (hasManifest) {
      await writeFileAtomic(join(partial, importManifestName), [...manifestLines(pictures)].join(""), { force: true });
    }
    const kept = [...pictures.map(({ path }) => path), ...(hasManifest ? [importManifestName] : [])];
    await removeOthers(partial, own, new Set(kept));
    if (pictures.length === 0) {
      await rm(join(partial, pathsName), { force: true });
      await rmdir(partial);
      const { location: where, remarks } = source;
      throw noneUsable("pictures that can be read", { where, skipped, remarks });
    }
    task.done();
    return {
      pictures: pictures.length,
      sizeBytes: [...copied.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0),
      classes: countClasses(pictures),
      skipped,
      lostClasses: lostAmong(planned, pictures),
      renamed,
      renamedFiles,
      ...(hasManifest && { manifest: importManifestName }),
    };
  } catch (error) {
    task.fail();
    throw error;
  }
}

function lostAmong(planned: readonly PlannedPicture[], copied: readonly PlannedPicture[]): ImportReport["lostClasses"] {
  const left = new Set(copied.map(({ label }) => label));
  const lost = countBy(
    planned.filter(({ label }) => !left.has(label)),
    ({ label }) => label,
  );
  return [...lost].map(([label, pictures]) => ({ label, pictures }));
}

function countClasses(pictures: readonly PlannedPicture[]): ImportReport["classes"] {
  const counts = new Map<string, { label: string; split: Split | undefined; pictures: number }>();
  for (const { label, split } of pictures) {
    const key = `${split} ${label}`;
    counts.set(key, { label, split, pictures: (counts.get(key)?.pictures ?? 0) + 1 });
  }
  return [...counts].sort(([a], [b]) => byCodeUnits(a, b)).map(([, count]) => count);
}

function encodePng({ width, height, channels, pixels }: PixelImage): Promise<Uint8Array> {
  return sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 6 }).toBuffer();
}

async function keepOrWrite(path: string, bytes: Uint8Array): Promise<void> {
  const there = await readBytes(path, path, bytes.byteLength).catch(() => undefined);
  if (there !== undefined && there.byteLength === bytes.byteLength && sha256(there) === sha256(bytes)) return;
  await ensureFolder(dirname(path));
  await writeFileAtomic(path, bytes, { force: true });
}

async function requireFree(to: string, force: boolean): Promise<void> {
  const names: readonly string[] = await readdir(to).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw writeFailure(to, error);
  });
  // Left where an import was killed at its very end.
  if (names.includes(pathsName)) await rm(join(to, pathsName), { force: true });
  if (names.length === 0 || force) return;
  throw new AppError("FILE_EXISTS", {
    required: "a folder that is new or empty",
    received: `one with ${names.length} entries`,
    where: to,
    hint: "choose another folder (`to`), or give `force` to replace it",
  });
}

/**
 * The finished folder gets its name; one that has it steps aside first and goes only after that.
 */
async function takePlace(finished: string, to: string): Promise<void> {
  const aside = `${to}.replaced`;
  try {
    const handle = await open(dirname(to));
    try {
      await rm(aside, { recursive: true, force: true });
      const isTaken = await stat(to).then(
        () => true,
        () => false,
      );
      if (isTaken) await rename(to, aside);
      await rename(finished, to);
      await handle.sync().catch(() => undefined); // Windows and some network disks flush no folders.
      await rm(aside, { recursive: true, force: true });
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw writeFailure(to, error);
  }
}
