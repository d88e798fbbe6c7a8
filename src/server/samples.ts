/** The sample pictures that the playground offers: some of each class of a source. */
import sharp from "sharp";
import { AppError, isAppError } from "../base/errors.ts";
import type { Sample, Source } from "../dataset/sources/source.ts";
import { withPicture } from "../image/decode.ts";
import { sniffFormat } from "../image/format.ts";

export interface SampleList {
  /** At most `count`, the classes in turn. The first call reads through the source. */
  list(): Promise<readonly { readonly name: string; readonly label: string }[]>;
  /** A file that browsers can show. Errors: FILE_NOT_FOUND for an unknown index; those of the source. */
  read(index: number): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>;
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

async function fileOf(sample: Sample) {
  if ("image" in sample) {
    const { width, height, channels, pixels } = sample.image;
    const png = await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
    return { bytes: png, mediaType: "image/png" };
  }
  const bytes = await sample.bytes();
  const format = sniffFormat(bytes);
  if (format !== undefined && shownByBrowsers.includes(format)) return { bytes, mediaType: `image/${format}` };
  const png = await withPicture(bytes, { where: sample.id }, ({ picture }) => picture.autoOrient().png().toBuffer());
  return { bytes: png, mediaType: "image/png" };
}
