/** Small JPEGs of the pictures that findings name, for reports. */
import sharp from "sharp";
import { AppError } from "../../../base/errors.ts";
import { type Progress, silentProgress } from "../../../base/progress.ts";
import { decodeThrough, type PixelImage } from "../../../image/decode.ts";
import { forEachInParallel } from "../../../image/in-parallel.ts";
import { type Sample, type Source, sizeOfSample } from "../../sources/source.ts";
import type { Finding, FindingKind } from "../findings/findings.ts";

export interface ThumbnailOptions {
  /** At most so many pictures of one kind of finding. */
  readonly perKind?: number;
  /**
   * At most so many pictures of one finding: a series of 200 near-duplicates is known by its first.
   */
  readonly perFinding?: number;
  /** The longer side; smaller pictures are left as they are. */
  readonly sidePx?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * JPEG bytes by picture id, for the first pictures of each kind of finding. Pictures that cannot be
 * decoded are absent. The bytes are read once more, in the source's order.
 * Errors: SOURCE_CHANGED, INTERRUPTED.
 */
export async function makeThumbnails(
  source: Source,
  findings: readonly Finding[],
  options: ThumbnailOptions = {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { perKind = 24, perFinding = 6, sidePx = 112, progress = silentProgress, signal } = options;
  const wanted = chooseIds(findings, perKind, perFinding);
  const samples: Sample[] = [];
  for await (const sample of source.samples()) if (wanted.has(sample.id)) samples.push(sample);
  const thumbnails = new Map<string, Uint8Array>();
  const task = progress.start({ label: "thumbnails", total: samples.length, unit: "pictures" });
  try {
    await forEachInParallel(
      samples,
      async (sample) => {
        const thumbnail = await makeThumbnail(sample, sidePx);
        if (thumbnail !== undefined) thumbnails.set(sample.id, thumbnail);
        task.advance();
      },
      { signal, sizeOf: sizeOfSample },
    );
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done();
  return thumbnails;
}

function chooseIds(findings: readonly Finding[], perKind: number, perFinding: number): ReadonlySet<string> {
  const counts = new Map<FindingKind, number>();
  const chosen = new Set<string>();
  for (const { kind, ids } of findings) {
    const count = counts.get(kind) ?? 0;
    const shown = ids.slice(0, Math.min(perFinding, perKind - count));
    counts.set(kind, count + shown.length);
    for (const id of shown) chosen.add(id);
  }
  return chosen;
}

/** JPEG bytes; undefined for a picture that cannot be decoded. */
export async function makeThumbnail(sample: Sample, sidePx: number): Promise<Uint8Array | undefined> {
  let image: PixelImage;
  try {
    image = "image" in sample ? sample.image : await shrink(await sample.bytes(), sidePx, sample.id);
  } catch (error) {
    if (error instanceof AppError && error.code !== "SOURCE_CHANGED") return undefined;
    throw error;
  }
  const { width, height, channels, pixels } = image;
  // Pages enlarge small pictures pixel by pixel: there, what JPEG leaves out would be seen.
  const isSmall = Math.max(width, height) <= smallSidePx;
  const jpeg = await sharp(pixels, { raw: { width, height, channels } })
    .resize({ width: sidePx, height: sidePx, fit: "inside", withoutEnlargement: true })
    .jpeg(isSmall ? { quality: 95, chromaSubsampling: "4:4:4" } : { quality: 75 })
    .toBuffer();
  return new Uint8Array(jpeg);
}

const smallSidePx = 64;

function shrink(bytes: Uint8Array, sidePx: number, where: string): Promise<PixelImage> {
  const size = { width: sidePx, height: sidePx, fit: "inside", withoutEnlargement: true } as const;
  const options = { channels: 3, background: [255, 255, 255], where } as const;
  return decodeThrough(bytes, options, (picture) => picture.resize(size));
}
