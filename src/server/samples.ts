/** The sample pictures that the playground offers: some of each class of a source, made small once. */
import sharp, { type Sharp } from "sharp";
import { AppError, isAppError } from "../base/errors.ts";
import type { Sample, Source } from "../dataset/sources/source.ts";
import { withPicture } from "../image/decode.ts";
import { sniffFormat } from "../image/format.ts";

export interface SampleFile {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface SampleList {
  /** At most `count`, the classes in turn. The first call reads through the source. */
  list(): Promise<readonly { readonly name: string; readonly label: string }[]>;
  /**
   * A small file that browsers can show, the same bytes for every caller. Errors: FILE_NOT_FOUND for
   * an unknown index; those of the source; IMAGE_UNREADABLE, IMAGE_SIZE for a picture that cannot be
   * made small.
   */
  read(index: number): Promise<SampleFile>;
  close(): Promise<void>;
}

/** The samples of `location`; none where it is undefined. */
export function openSamples(location: string | undefined, count = 12): SampleList {
  let opened: Promise<{ readonly source: Source | undefined; readonly samples: readonly Sample[] }> | undefined;
  const open = () => {
    if (opened) return opened;
    const opening =
      location === undefined ? Promise.resolve({ source: undefined, samples: [] }) : choose(location, count);
    opened = opening;
    // A source that failed is opened again by the next call.
    opening.catch(() => {
      opened = undefined;
    });
    return opening;
  };
  const files = new Map<Sample, Promise<SampleFile>>();
  let before: Promise<unknown> = Promise.resolve();
  /** Read and made small by the first call; a failure is tried again by the next one. */
  const fileOf = (sample: Sample): Promise<SampleFile> => {
    const known = files.get(sample);
    if (known !== undefined) return known;
    // One at a time: each may hold a large picture until it is small.
    const file = before.then(() => smallFileOf(sample));
    before = file.catch(() => files.delete(sample));
    files.set(sample, file);
    return file;
  };
  return {
    async list() {
      return (await open()).samples.map(({ id, label }) => ({ name: id, label }));
    },
    async read(index) {
      const { samples } = await open();
      const sample = samples[index];
      if (sample !== undefined) return fileOf(sample);
      throw new AppError("FILE_NOT_FOUND", {
        required: `the index of one of ${samples.length} samples`,
        received: String(index),
      });
    },
    async close() {
      const last = await opened?.catch(() => undefined);
      await last?.source?.close();
    },
  };
}

async function choose(location: string, count: number) {
  const byLabel = new Map<string, Sample[]>();
  // Loaded on demand: it brings the readers of archives and tables.
  const { openSource } = await import("../dataset/sources/open-source.ts");
  let source: Source | undefined;
  try {
    source = await openSource(location);
    for await (const sample of source.samples()) {
      const sameLabel = byLabel.get(sample.label) ?? [];
      byLabel.set(sample.label, sameLabel);
      if (sameLabel.length < count) sameLabel.push(sample);
    }
  } catch (error) {
    if (!isAppError(error, "DATASET_EMPTY")) {
      await source?.close();
      throw error;
    }
  }
  const ranked = [...byLabel.values()].flatMap((samples) => samples.map((sample, rank) => ({ sample, rank })));
  const inTurn = ranked.sort((a, b) => a.rank - b.rank).slice(0, count);
  return { source, samples: inTurn.map(({ sample }) => sample) };
}

const shownByBrowsers = ["jpeg", "png", "gif", "webp", "avif", "bmp"];
/** A file of at most this size stays as it is: every byte of it counts for who compares predictions. */
const smallBytes = 128 * 2 ** 10;
/** Larger ones become pictures of at most this many pixels a side: more than models take in. */
const smallSidePx = 512;

async function smallFileOf(sample: Sample): Promise<SampleFile> {
  if ("image" in sample) {
    const { width, height, channels, pixels } = sample.image;
    return shrunken(sharp(pixels, { raw: { width, height, channels } }), "image/png");
  }
  const bytes = await sample.bytes();
  const format = sniffFormat(bytes);
  const isShown = format !== undefined && shownByBrowsers.includes(format);
  if (isShown && bytes.byteLength <= smallBytes) return { bytes, mediaType: `image/${format}` };
  // What was exact, or may show what is behind it, stays so.
  const mediaType = format === "jpeg" ? "image/jpeg" : "image/png";
  return withPicture(bytes, { where: sample.id }, ({ picture }) => shrunken(picture.autoOrient(), mediaType));
}

async function shrunken(picture: Sharp, mediaType: "image/jpeg" | "image/png"): Promise<SampleFile> {
  const small = picture.resize({ width: smallSidePx, height: smallSidePx, fit: "inside", withoutEnlargement: true });
  const file = mediaType === "image/jpeg" ? small.toColourspace("srgb").jpeg({ quality: 90 }) : small.png();
  return { bytes: await file.toBuffer(), mediaType };
}
