/**
 * The sample pictures: cat and dog faces that are drawn, not photographs. They stand in where
 * nobody has pictures at hand yet, so that the whole way from data to a served model runs offline;
 * a model trained on them knows drawings only.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { AppError } from "../base/errors.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../base/files/file-failure.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import { createRandom, type Random, type Seed } from "../base/random.ts";
import { forEachInParallel } from "./in-parallel.ts";
import { between, type SampleLabel } from "./sample-face.ts";
import { drawScene } from "./sample-scene.ts";

export type { SampleLabel } from "./sample-face.ts";
export const sampleLabels: readonly SampleLabel[] = ["cat", "dog"];

/** Raised whenever the drawings change, so that an older set is not taken for the same one. */
const drawingVersion = 1;
const manifestName = "sample-pictures.json";

export interface SamplePicture {
  readonly label: SampleLabel;
  /** Decides the whole picture: the same seed gives the same drawing. */
  readonly seed: Seed;
  /** Width and height. */
  readonly sizePx: number;
}

/**
 * Draws one face and gives it as JPEG bytes, with blur, noise and uneven light as a camera would
 * add.
 */
export async function drawSamplePicture({ label, seed, sizePx }: SamplePicture): Promise<Uint8Array> {
  const random = createRandom(seed).split(label);
  const svg = drawScene(label, sizePx, random.split("scene"));
  const camera = random.split("camera");
  // A blur below 0.3 pixels is none to libvips; a third of the pictures stay sharp.
  const blur = (between(camera, -0.4, 0.9) * sizePx) / 96;
  const drawn = sharp(Buffer.from(svg)).removeAlpha();
  const { data, info } = await (blur > 0.3 ? drawn.blur(blur) : drawn).raw().toBuffer({ resolveWithObject: true });
  expose(data, camera);
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const jpeg = await sharp(data, { raw })
    .jpeg({ quality: 80 + camera.integer(16) })
    .toBuffer();
  return new Uint8Array(jpeg);
}

/**
 * Changes brightness, contrast and warmth, and adds grain (the sum of two even draws), in place.
 */
function expose(pixels: Uint8Array, camera: Random): void {
  const contrast = between(camera, 0.75, 1.15);
  const brightness = between(camera, -28, 28);
  const warmth = between(camera, -12, 12);
  const grain = between(camera, 0, 0.09);
  for (let at = 0; at < pixels.length; at += 3) {
    const draw = camera.uint32();
    for (let channel = 0; channel < 3; channel++) {
      // 10 bits of the draw for each channel: two even numbers from 0 to 31 and from 0 to 31,
      // centred.
      const bits = (draw >>> (10 * channel)) & 1023;
      const noise = ((bits & 31) + (bits >>> 5) - 31) * 8 * grain;
      const tint = (1 - channel) * warmth;
      const level = (pixels[at + channel]! - 128) * contrast + 128 + brightness + tint + noise;
      pixels[at + channel] = Math.max(0, Math.min(255, Math.round(level)));
    }
  }
}

export interface SampleSetOptions {
  /** Pictures of each of the two classes. */
  readonly perClass: number;
  readonly sizePx: number;
  readonly seed: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface SampleSet {
  readonly folder: string;
  readonly pictures: number;
  /** True where the very same set stood there already and nothing was drawn. */
  readonly reused: boolean;
}

/**
 * Writes a set of sample pictures as `cat/cat.0.jpg ...` and `dog/dog.0.jpg ...`. The folder
 * appears whole or not at all; where it holds the same set already (by its manifest) it is left as
 * it is.
 * Errors: FILE_EXISTS where the folder holds anything else, FILE_WRITE_FAILED, INTERRUPTED.
 */
export async function writeSampleSet(
  folder: string,
  { perClass, sizePx, seed, progress = silentProgress, signal }: SampleSetOptions,
): Promise<SampleSet> {
  const about = "Cat and dog faces drawn by Pawprint: not photographs. Made for trying the pipeline out.";
  const manifest = `${JSON.stringify({ about, drawingVersion, perClass, sizePx, seed }, null, 2)}\n`;
  const result = { folder, pictures: perClass * sampleLabels.length };
  if (await holds(folder, manifest)) return { ...result, reused: true };

  await ensureFolder(dirname(folder));
  const partial = `${folder}.partial-${randomBytes(4).toString("hex")}`;
  const task = progress.start({ label: "draw sample pictures", total: result.pictures, unit: "pictures" });
  try {
    for (const label of sampleLabels) await mkdir(join(partial, label), { recursive: true });
    const pictures = sampleLabels.flatMap((label) => Array.from({ length: perClass }, (_, at) => ({ label, at })));
    await forEachInParallel(
      pictures,
      async ({ label, at }) => {
        const bytes = await drawSamplePicture({ label, seed: `${seed}/${at}`, sizePx });
        await writeFile(join(partial, label, `${label}.${at}.jpg`), bytes);
        task.advance();
      },
      { signal },
    );
    await writeFile(join(partial, manifestName), manifest);
    await rename(partial, folder);
  } catch (error) {
    task.fail();
    // What cannot be removed either must not hide why the writing failed.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw error instanceof AppError ? error : writeFailure(folder, error);
  }
  task.done();
  return { ...result, reused: false };
}

/**
 * True where the folder holds the same set; false where it can be written.
 */
async function holds(folder: string, manifest: string): Promise<boolean> {
  const found = await readFile(join(folder, manifestName), "utf8").catch(() => undefined);
  if (found === manifest) return true;
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw writeFailure(folder, error);
  });
  if (names === undefined) return false;
  if (names.length === 0) {
    await rmdir(folder);
    return false;
  }
  throw new AppError("FILE_EXISTS", {
    required: "a folder for the sample pictures that is new or empty",
    received:
      found === undefined ? `a folder that holds ${names.length} other files` : "another set of sample pictures",
    where: folder,
    hint: "name another folder, or remove this one",
  });
}
