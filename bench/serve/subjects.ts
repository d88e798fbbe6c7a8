/**
 * What is measured: the two reference networks with random weights, as bundles, and the requests
 * that are sent to them.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { openSource } from "../../src/dataset/sources/open-source.ts";
import type { Sample } from "../../src/dataset/sources/source.ts";
import { parseRecipe, type Recipe } from "../../src/image/recipe.ts";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { type UntrainedModel, writeUntrainedBundle } from "../../tests/support/untrained-bundle.ts";

export interface Subject extends UntrainedModel {
  readonly name: "digits" | "pets";
}

const recipeOf = (side: number, channels: 1 | 3): Recipe =>
  parseRecipe({ width: side, height: side, channels, fit: "stretch", kernel: "linear" });

export const digits: Subject = {
  name: "digits",
  labels: [..."0123456789"],
  widths: [32, 64],
  recipe: recipeOf(28, 1),
};
export const pets: Subject = { name: "pets", labels: ["cat", "dog"], widths: [32, 64, 128], recipe: recipeOf(64, 3) };

export interface Load {
  readonly name: string;
  readonly subject: Subject;
  readonly contentType: string;
  readonly body: Buffer;
  /** Where the peer takes the same request. */
  readonly peerPath: string;
  /** The picture file in the form, where there is one. */
  readonly file?: Buffer;
  /** With more at once, most answers would come after any deadline; no bound unless given. */
  readonly maximumConnections?: number;
  /** Settings of the service beside the defaults. */
  readonly flags?: readonly string[];
}

/** Writes the subject's bundle into `folder`. */
export async function bundleOf(subject: Subject, folder: string): Promise<string> {
  const path = join(folder, `${subject.name}.onnx`);
  await writeUntrainedBundle(subject, path);
  return path;
}

/** The folder of real pictures, where there is one; without it pictures are drawn. */
const data = process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data");

/**
 * A digit as JSON, pixels from 0 to 1 as Python prints them: MNIST's first test picture, or a drawn
 * ring.
 */
export async function digitLoad(): Promise<Load> {
  const folder = join(data, "mnist");
  let pixels = ring();
  if (existsSync(folder)) {
    pixels = await fromFirst(folder, async (sample) => {
      return sample.split === "test" && "image" in sample ? sample.image.pixels : undefined;
    });
  }
  const body = Buffer.from(JSON.stringify({ image: [Array.from(pixels, (pixel) => pixel / 255)] }));
  return { name: "digits, JSON", subject: digits, contentType: "application/json", body, peerPath: "/predict" };
}

/** One picture file as a form. */
export async function fileLoad(archive: string, name: string): Promise<Load> {
  const path = join(data, archive);
  let file: Uint8Array | undefined;
  if (existsSync(path)) {
    file = await fromFirst(path, async (sample) => ("bytes" in sample ? sample.bytes() : undefined));
  }
  return formOf(name, file ?? (await drawSamplePicture({ label: "cat", seed: 1, sizePx: 128 })));
}

/**
 * A photograph as phones send it: 12 megapixels, 3.5 MB, taken upright and stored lying on its side.
 * Drawn, so that there is one everywhere. At 64 callers each waits for more than a second, so the
 * deadline is longer than the default: what is compared is the rate, and the peers have no deadline.
 */
export async function phonePhotoLoad(): Promise<Load> {
  const [width, height] = [4032, 3024];
  const drawn = await drawSamplePicture({ label: "cat", seed: 1, sizePx: width });
  const photo = await sharp(drawn)
    .extract({ left: 0, top: (width - height) / 2, width, height })
    .jpeg({ quality: 90 })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const bounds = { maximumConnections: 64, flags: ["--deadline-ms", "30000"] };
  return { ...formOf("JPEG, 12 megapixels", photo), ...bounds };
}

function formOf(name: string, file: Uint8Array): Load {
  const boundary = "pawprint-bench";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="pet.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const bytes = Buffer.from(file);
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const contentType = `multipart/form-data; boundary=${boundary}`;
  return { name, subject: pets, contentType, body, peerPath: "/predict/file", file: bytes };
}

/** What `read` makes of the first sample from which it makes anything. */
async function fromFirst<T>(location: string, read: (sample: Sample) => Promise<T | undefined>): Promise<T> {
  const source = await openSource(location);
  try {
    for await (const sample of source.samples()) {
      const found = await read(sample);
      if (found !== undefined) return found;
    }
  } finally {
    await source.close();
  }
  throw new Error(`${location} holds no picture that fits`);
}

/** A grey ring on black. */
function ring(): Uint8Array {
  return Uint8Array.from({ length: 784 }, (_, at) => {
    const radius = Math.hypot((at % 28) - 13.5, Math.floor(at / 28) - 13.5);
    return Math.max(0, 255 - Math.round(Math.abs(radius - 8) * 90));
  });
}
