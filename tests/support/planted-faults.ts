/**
 * A folder of drawn pictures with faults planted in it, and the list of what an inspection must
 * find there: this and nothing else.
 */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { createRandom, type Random } from "../../src/base/random.ts";
import type { FindingKind } from "../../src/dataset/inspection/findings/findings.ts";
import { forEachInParallel } from "../../src/image/in-parallel.ts";
import { makeTiff } from "./tiff-file.ts";

export interface PlantedFault {
  readonly kind: FindingKind;
  /** All pictures that the finding names. */
  readonly ids: readonly string[];
}

export interface PlantedSet {
  /** Where the pictures are. */
  readonly folder: string;
  readonly clean: readonly string[];
  readonly faults: readonly PlantedFault[];
}

export interface PlantedSetOptions {
  /** Pictures without a fault. */
  readonly clean: number;
  /** Faults of each kind. */
  readonly perKind: number;
  readonly seed: number;
}

/** Writes `ROOT/pictures/{train,test}/{cat,dog}/...`; the same seed gives the same files. */
export async function writePlantedSet(root: string, { clean, perKind, seed }: PlantedSetOptions): Promise<PlantedSet> {
  const folder = join(root, "pictures");
  for (const split of ["train", "test"]) {
    for (const label of ["cat", "dog"]) await mkdir(join(folder, split, label), { recursive: true });
  }
  const random = createRandom(seed);
  const cleanIds: string[] = [];
  await forEachInParallel(Array.from({ length: clean }).keys(), async (at) => {
    const { name, bytes } = await drawClean(at, random.split(`clean ${at}`));
    cleanIds[at] = `${at % 5 === 0 ? "test" : "train"}/${at % 2 === 0 ? "cat" : "dog"}/${name}`;
    await writeFile(join(folder, cleanIds[at]), bytes);
  });
  const faults: PlantedFault[] = [];
  for (const [kind, plant] of Object.entries(plants)) {
    for (let at = 0; at < perKind; at++) {
      const ids = await plant({ folder, at, random: random.split(`${kind} ${at}`) });
      faults.push({ kind: kind as FindingKind, ids }); // the keys of `plants` are kinds
    }
  }
  return { folder, clean: cleanIds, faults };
}

const gridSide = 32;
/**
 * Cells a side, and their share of the colour: large shapes are strong and small ones weak, as in
 * photographs.
 */
const octaves = [
  [4, 0.5],
  [8, 0.3],
  [16, 0.15],
  [32, 0.05],
] as const;

/** Colour noise in large and small squares, drawn out to the wanted size. No two are alike. */
function draw(random: Random, width = 48 + random.integer(49), height = 48 + random.integer(49)): Sharp {
  const grid = new Float64Array(gridSide * gridSide * 3);
  for (const [cells, share] of octaves) {
    const colours = Uint8Array.from({ length: cells * cells * 3 }, () => random.integer(256));
    const shift = Math.log2(gridSide / cells);
    grid.forEach((_, at) => {
      const [x, y, channel] = [Math.floor(at / 3) % gridSide, Math.floor(at / 3 / gridSide), at % 3];
      grid[at]! += share * colours[((y >> shift) * cells + (x >> shift)) * 3 + channel]!;
    });
  }
  const raw = { width: gridSide, height: gridSide, channels: 3 } as const;
  return sharp(Uint8Array.from(grid, Math.round), { raw }).resize(width, height, { fit: "fill", kernel: "cubic" });
}

/** Pictures without a fault, some of them close to one. */
async function drawClean(at: number, random: Random): Promise<{ name: string; bytes: Uint8Array }> {
  const picture = draw(random);
  switch (at % 20) {
    case 0:
      return { name: `narrow ${at}.png`, bytes: await draw(random, 32, 120).png().toBuffer() };
    case 2:
      return { name: `small ${at}.jpeg`, bytes: await draw(random, 16, 20).jpeg().toBuffer() };
    case 4:
      return { name: `opaque ${at} 🐈.png`, bytes: await picture.ensureAlpha().png().toBuffer() };
    case 6:
      return { name: `dull-${at}.JPG`, bytes: await picture.modulate({ saturation: 0.2 }).jpeg().toBuffer() };
    case 8:
      return { name: `flat-${at}.png`, bytes: await picture.linear(0.1, 100).png().toBuffer() };
    case 10:
      return { name: `dark-${at}.webp`, bytes: await picture.linear(0.2, 0).webp({ quality: 90 }).toBuffer() };
    case 12:
      return { name: `upright-${at}.jpg`, bytes: await picture.withMetadata({ orientation: 1 }).jpeg().toBuffer() };
    default: {
      const format = (["jpeg", "png", "webp"] as const)[at % 3]!;
      return { name: `${at}.${format === "jpeg" ? "jpg" : format}`, bytes: await picture.toFormat(format).toBuffer() };
    }
  }
}

interface Plot {
  readonly folder: string;
  /** Counts the faults of a kind. */
  readonly at: number;
  readonly random: Random;
}

/** Plants one fault and gives the ids of the pictures that it is about. */
type Plant = (plot: Plot) => Promise<readonly string[]>;

async function write({ folder }: Plot, id: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(dirname(join(folder, id)), { recursive: true });
  await writeFile(join(folder, id), bytes);
  return id;
}

/** A fault of one file, as `train/dog/NAME-3.EXT`; the pictures it makes take turns. */
function single(
  name: string,
  ...makers: readonly (readonly [extension: string, make: (plot: Plot) => Promise<Uint8Array> | Uint8Array])[]
): Plant {
  return async (plot) => {
    const [extension, make] = makers[plot.at % makers.length]!; // at least one is given
    return [await write(plot, `train/dog/${name}-${plot.at}${extension}`, await make(plot))];
  };
}

/** Two files: a picture and what becomes of it. */
function pair(name: string, places: readonly [string, string], change: (png: Buffer) => Promise<Buffer>): Plant {
  return async (plot) => {
    const png = await draw(plot.random, 96, 64 + plot.random.integer(33))
      .png()
      .toBuffer();
    const [first, second] = places.map((place, which) => `${place}/${name}-${plot.at}${"ab"[which]}.png`);
    return [await write(plot, first!, png), await write(plot, second!, await change(png))];
  };
}

const same = async (png: Buffer): Promise<Buffer> => png;

/** Made smaller, brighter, and compressed anew. */
const nearly = async (png: Buffer): Promise<Buffer> => {
  const jpeg = await sharp(png).resize({ width: 84 }).linear(1, 6).jpeg({ quality: 80 }).toBuffer();
  return sharp(jpeg).png().toBuffer();
};

const jpeg = ({ random }: Plot): Promise<Buffer> => draw(random, 90, 80).jpeg({ quality: 90 }).toBuffer();
const png = ({ random }: Plot): Promise<Buffer> => draw(random).png().toBuffer();
const webp = ({ random }: Plot): Promise<Buffer> => draw(random).webp().toBuffer();

function cutOff(make: (plot: Plot) => Promise<Buffer>): (plot: Plot) => Promise<Buffer> {
  return async (plot) => {
    const bytes = await make(plot);
    return bytes.subarray(0, Math.floor(bytes.length * (0.4 + 0.1 * (plot.at % 6))));
  };
}

/** A PNG that states 400 megapixels in its header, with the right checksum. */
async function bomb(plot: Plot): Promise<Buffer> {
  const bytes = await png(plot);
  bytes.writeUInt32BE(20_000, 16);
  bytes.writeUInt32BE(20_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

async function flipped(plot: Plot): Promise<Buffer> {
  const bytes = await png(plot);
  bytes[bytes.length >> 1]! ^= 0xff;
  return bytes;
}

/**
 * A JPEG whose quantization tables are gone: the header is whole, and says nothing that can be
 * decoded.
 */
async function withoutTables(plot: Plot): Promise<Buffer> {
  const bytes = await jpeg(plot);
  for (let at = bytes.indexOf("ffdb", 0, "hex"); at !== -1; at = bytes.indexOf("ffdb", at, "hex")) bytes[at + 1] = 0xee;
  return bytes;
}

/** A JPEG with a stray marker in the middle of its pixels: the decoder skips to it and goes on. */
async function patched(plot: Plot): Promise<Buffer> {
  const bytes = await jpeg(plot);
  const middle = (bytes.indexOf("ffda", 0, "hex") + bytes.length) >> 1;
  return Buffer.concat([bytes.subarray(0, middle), Buffer.from("ffd3", "hex"), bytes.subarray(middle)]);
}

async function frames({ random }: Plot): Promise<Sharp> {
  const pictures = [1, 2, 3].map((frame) => draw(random.split(frame), 64, 48).png().toBuffer());
  return sharp(await Promise.all(pictures), { join: { animated: true } });
}

async function halfTransparent({ random }: Plot): Promise<Buffer> {
  const hole = { create: { width: 20, height: 20, channels: 4, background: "#000f" } } as const;
  const input = await sharp(hole).png().toBuffer();
  return draw(random)
    .ensureAlpha()
    .composite([{ input, blend: "dest-out" }])
    .png()
    .toBuffer();
}

const plants: Readonly<Partial<Record<FindingKind, Plant>>> = {
  "empty-file": single("empty", [".jpg", () => Buffer.alloc(0)], [".png", () => Buffer.alloc(0)]),
  "not-a-picture": single(
    "text",
    [".jpg", ({ at }) => Buffer.from(`<!doctype html><title>404 ${at}</title>`)],
    [".jpeg", ({ at }) => Buffer.alloc(2000 + at)],
    ["", ({ at }) => Buffer.from(`notes ${at}`)],
  ),
  "unread-format": single(
    "foreign",
    [".png", ({ at }) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${9 + at}" height="9"/>`)],
    [".heic", ({ at }) => Buffer.from(`\0\0\0\x18ftypheic\0\0\0\0mif1heic ${at}`)],
  ),
  "pointer-file": single("pointer", [
    ".jpg",
    ({ at }) => Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${at}\nsize 9\n`),
  ]),
  truncated: single("cut", [".jpg", cutOff(jpeg)], [".png", cutOff(png)], [".webp", cutOff(webp)]),
  corrupt: single("corrupt", [".png", flipped], [".jpg", withoutTables]),
  "too-many-pixels": single("bomb", [".png", bomb]),
  unlabelled: async (plot) => [await write(plot, `train/stray-${plot.at}.jpg`, await jpeg(plot))],
  "outside-source": async (plot) => {
    const id = `train/cat/link-${plot.at}.jpg`;
    const secret = join(dirname(plot.folder), `secret-${plot.at}.jpg`);
    await writeFile(secret, await jpeg(plot));
    await symlink(secret, join(plot.folder, id));
    return [id];
  },
  "label-conflict": pair("conflict", ["train/cat", "train/dog"], same),
  leakage: pair("leak", ["train/cat", "test/cat"], same),
  "near-constant": single(
    "grey",
    [".png", ({ at }) => plain(at).png().toBuffer()],
    [".jpg", ({ at }) => plain(at).jpeg().toBuffer()],
  ),
  "exact-duplicate": pair("copy", ["train/dog", "train/dog"], same),
  "near-duplicate": pair("near", ["train/dog", "train/dog"], nearly),
  "near-duplicate-conflict": pair("near-conflict", ["train/cat", "train/dog"], nearly),
  "near-duplicate-leakage": pair("near-leak", ["train/cat", "test/cat"], nearly),
  "partly-damaged": single("patched", [".jpg", patched]),
  "wrong-extension": single("misnamed", [".png", jpeg], [".jpg", png], [".gif", webp], [".heic", jpeg]),
  animated: single(
    "animated",
    [".gif", async (plot) => (await frames(plot)).gif().toBuffer()],
    [".webp", async (plot) => (await frames(plot)).webp().toBuffer()],
  ),
  cmyk: single("cmyk", [".jpg", ({ random }) => draw(random).toColourspace("cmyk").jpeg().toBuffer()]),
  "exif-rotation": single("rotated", [
    ".jpg",
    ({ random, at }) =>
      draw(random)
        .withMetadata({ orientation: 2 + (at % 7) })
        .jpeg()
        .toBuffer(),
  ]),
  "too-small": single("tiny", [
    ".png",
    ({ random, at }) =>
      draw(random, 9 + (at % 7), 30)
        .png()
        .toBuffer(),
  ]),
  "extreme-aspect-ratio": single(
    "panorama",
    [".png", ({ random }) => draw(random, 200, 40).png().toBuffer()],
    [".jpg", ({ random }) => draw(random, 20, 90).jpeg().toBuffer()],
  ),
  "names-alike": async (plot) => {
    const names = [`train/cat/Alike-${plot.at}.jpg`, `train/cat/alike-${plot.at}.jpg`];
    const other = { ...plot, random: plot.random.split("other") };
    return [await write(plot, names[0]!, await jpeg(plot)), await write(plot, names[1]!, await jpeg(other))];
  },
  "low-range": single("dim", [".tif", twelveBits]),
  "deep-colour": single("deep", [".png", ({ random }) => draw(random).toColourspace("rgb16").png().toBuffer()]),
  alpha: single("hole", [".png", halfTransparent]),
  greyscale: single(
    "uncoloured",
    [".jpg", ({ random }) => draw(random).toColourspace("b-w").jpeg().toBuffer()],
    [".png", async ({ random }) => inColour(await draw(random).toColourspace("b-w").png().toBuffer())],
  ),
};

/** The number of kinds that a planted set has. */
export const plantedKinds = Object.keys(plants).length;

/** Values of 12 bits kept in 16. */
async function twelveBits({ random }: Plot): Promise<Uint8Array> {
  const { data, info } = await draw(random).raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return makeTiff({ width, height, channels: 3, bits: 16, value: (at) => data[at]! * 16 });
}

function plain(at: number): Sharp {
  return sharp({ create: { width: 60, height: 50, channels: 3, background: { r: 30 * at, g: 90, b: 20 } } });
}

/** Grey values in three equal channels. */
async function inColour(grey: Buffer): Promise<Buffer> {
  return sharp(grey).toColourspace("srgb").png().toBuffer();
}
