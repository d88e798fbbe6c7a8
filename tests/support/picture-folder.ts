/**
 * Small labelled pictures on disk: a colour for each class, with noise, so that a tiny network
 * learns them in moments.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { createRandom } from "../../src/base/random.ts";

const colours: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [200, 40, 40],
  green: [40, 180, 60],
  blue: [40, 60, 200],
};

export interface PictureFolderOptions {
  /** Class names; known colours are drawn as such, other names get a grey of their own. */
  readonly labels?: readonly string[];
  readonly perClass?: number;
  readonly sizePx?: number;
  readonly seed?: number;
}

/** Writes `FOLDER/LABEL/LABEL.0.png ...`. */
export async function writePictureFolder(folder: string, options: PictureFolderOptions = {}): Promise<void> {
  const { labels = ["blue", "red"], perClass = 24, sizePx = 10, seed = 1 } = options;
  for (const [index, label] of labels.entries()) {
    await mkdir(join(folder, label), { recursive: true });
    const base = colours[label] ?? [40 * index, 40 * index, 40 * index];
    for (let at = 0; at < perClass; at++) {
      const random = createRandom(`${seed}/${label}/${at}`);
      const pixels = Uint8Array.from({ length: sizePx * sizePx * 3 }, (_, place) =>
        Math.min(255, base[place % 3]! + random.integer(40)),
      );
      const raw = { width: sizePx, height: sizePx, channels: 3 as const };
      await writeFile(join(folder, label, `${label}.${at}.png`), await sharp(pixels, { raw }).png().toBuffer());
    }
  }
}

/** Writes MNIST-like idx files of bright and dark squares: classes 0 and 1. */
export async function writeIdxFolder(folder: string, { train = 40, test = 10, side = 8 } = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  const random = createRandom("idx");
  const header = (magic: number, ...dims: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(4 + 4 * dims.length);
    bytes.writeUInt32BE(magic, 0);
    for (const [at, dim] of dims.entries()) bytes.writeUInt32BE(dim, 4 + 4 * at);
    return bytes;
  };
  for (const [name, count] of [["train", train] as const, ["t10k", test] as const]) {
    const labels = Uint8Array.from({ length: count }, (_, at) => at % 2);
    const pixels = Uint8Array.from({ length: count * side * side }, (_, at) => {
      return 200 * labels[Math.floor(at / (side * side))]! + random.integer(50);
    });
    await writeFile(
      join(folder, `${name}-images-idx3-ubyte`),
      Buffer.concat([header(0x803, count, side, side), pixels]),
    );
    await writeFile(join(folder, `${name}-labels-idx1-ubyte`), Buffer.concat([header(0x801, count), labels]));
  }
}
