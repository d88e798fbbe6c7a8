/** Copies labelled pictures from any source into a folder of folders, whole or not at all. */
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { AppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../base/files/file-failure.ts";
import { sha256 } from "../base/hash.ts";
import { withLock } from "../base/locks/lock-file.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import type { PixelImage } from "../image/decode.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import { createPathClaims, portableName } from "./portable-name.ts";
import type { Sample, SkippedPicture, Source, Split } from "./sources/source.ts";

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
}

const pictureFaults: ReadonlySet<string> = new Set([
  "IMAGE_UNREADABLE",
  "IMAGE_SIZE",
  "FILE_NOT_FOUND",
  "FILE_READ_FAILED",
]);

/**
 * Copies every picture to `TO/LABEL/NAME`, or to `TO/SPLIT/LABEL/NAME` where the source gives
 * splits; the bytes stay as they are, pictures without a file become PNG. It works in
 * `TO.importing` and renames that at the end, so that a folder `TO` is always whole; after an
 * interruption, or kill -9, the next import of the same source keeps the files that are there
 * already. Names are made safe for every system.
 * Errors: FILE_EXISTS where `to` holds something and `force` is not given; LOCKED;
 * FILE_WRITE_FAILED; those that end the work on a source.
 */
export async function importSource(source: Source, options: ImportOptions): Promise<ImportReport> {
  const { to, force = false, signal } = options;
  await requireFree(to, force);
  await ensureFolder(dirname(to));
  const work = async (): Promise<ImportReport> => {
    const partial = `${to}.importing`;
    await prepare(partial, source);
    const report = await copyAll(source, partial, options);
    await rm(join(partial, markerName), { force: true });
    await takePlace(partial, to);
    return { ...report, location: to };
  };
  return withLock(`${to}.lock`, work, { ...(signal && { signal }) });
}

/** Says of which source a partial folder is; the dot hides it from sources. */
const markerName = ".import.json";

/** Begins a folder, or goes on with one that was begun for the same source. */
async function prepare(partial: string, { kind, location }: Source): Promise<void> {
  const marker = `${JSON.stringify({ kind, location })}\n`;
  const path = join(partial, markerName);
  const theirs = await readFile(path, "utf8").catch(() => undefined);
  if (theirs === marker) return;
  await rm(partial, { recursive: true, force: true });
  await ensureFolder(partial);
  await writeFileAtomic(path, marker);
}

async function copyAll(
  source: Source,
  partial: string,
  options: ImportOptions,
): Promise<Omit<ImportReport, "location">> {
  const { progress = silentProgress, signal, concurrency } = options;
  let total = 0;
  for await (const _ of source.samples()) total++;
  const claim = createPathClaims();
  const counts = new Map<string, { label: string; split: Split | undefined; pictures: number }>();
  const skipped: SkippedPicture[] = [...source.skipped];
  let sizeBytes = 0;
  const task = progress.start({ label: "import", total, unit: "pictures" });

  /**
   * Paths are claimed in the order of the samples, so that an import that goes on gives the same
   * names.
   */
  async function* placed(): AsyncGenerator<{ sample: Sample; path: string }> {
    for await (const sample of source.samples()) {
      const folder = [...(sample.split ? [sample.split] : []), portableName(sample.label)].join("/");
      yield { sample, path: claim(folder, fileNameOf(sample)) };
    }
  }
  try {
    await forEachInParallel(
      placed(),
      async ({ sample, path }) => {
        const { label, split } = sample;
        try {
          const bytes = "bytes" in sample ? await sample.bytes() : await encodePng(sample.image);
          await keepOrWrite(join(partial, path), bytes);
          sizeBytes += bytes.byteLength;
          const key = `${split} ${label}`;
          counts.set(key, { label, split, pictures: (counts.get(key)?.pictures ?? 0) + 1 });
        } catch (error) {
          if (!(error instanceof AppError) || !pictureFaults.has(error.code)) throw error;
          skipped.push({ id: sample.id, code: error.code, reason: error.summary });
        }
        task.advance();
      },
      { signal, ...(concurrency !== undefined && { concurrency }) },
    );
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  const classes = [...counts.values()].sort((a, b) => (`${a.split} ${a.label}` < `${b.split} ${b.label}` ? -1 : 1));
  return { pictures: classes.reduce((sum, { pictures }) => sum + pictures, 0), sizeBytes, classes, skipped };
}

/**
 * The last part of the id; a picture out of a file of many (`train-images#7`) gets a name of its
 * own.
 */
function fileNameOf(sample: Sample): string {
  if ("bytes" in sample) return portableName(sample.id.split("/").at(-1)!);
  return portableName(`${sample.id.split("/").at(-1)!.replace("#", "-")}.png`);
}

function encodePng({ width, height, channels, pixels }: PixelImage): Promise<Uint8Array> {
  return sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 6 }).toBuffer();
}

async function keepOrWrite(path: string, bytes: Uint8Array): Promise<void> {
  const there = await readFile(path).catch(() => undefined);
  if (there !== undefined && there.byteLength === bytes.byteLength && sha256(there) === sha256(bytes)) return;
  await ensureFolder(dirname(path));
  await writeFileAtomic(path, bytes, { force: true });
}

async function requireFree(to: string, force: boolean): Promise<void> {
  const names = await readdir(to).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw writeFailure(to, error);
  });
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
