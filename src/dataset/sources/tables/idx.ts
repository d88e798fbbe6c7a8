/** Labelled pictures in idx files, as MNIST, Fashion-MNIST and EMNIST are published. */
import { join } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { pictureLimits } from "../../../image/decode.ts";
import { type PixelSample, pictureCountLimit, type Source, type Split } from "../source.ts";
import { type IdxFile, idxInvalid, readIdx } from "./idx-file.ts";

/**
 * `train-images-idx3-ubyte.gz`, `t10k-labels.idx1-ubyte`,
 * `emnist-letters-test-images-idx3-ubyte.gz`.
 */
const idxName = /^(?:(.+)-)?(train|t10k|test)-(images|labels)[-.]idx([13])-ubyte(?:\.gz)?$/i;

interface IdxName {
  readonly file: string;
  /** What stands before `train`: which of several sets; empty for MNIST. */
  readonly set: string;
  readonly split: Split;
  readonly content: "images" | "labels";
}

/** True where a folder's names include an idx file. */
export function hasIdxFiles(names: readonly string[]): boolean {
  return names.some((name) => idxName.test(name));
}

/**
 * Reads a folder's idx files. With `t10k` (or `test`) files beside `train` files, their split is
 * kept. Labels are the numbers as text; pictures are grey.
 * Errors: IDX_INVALID for a damaged file, a file without its partner, or counts that differ;
 * DATASET_SOURCE_UNKNOWN for several sets.
 */
export async function openIdxFolder(location: string, names: readonly string[]): Promise<Source> {
  const found = names.flatMap((file) => parseName(file) ?? []);
  const sets = [...new Set(found.map(({ set }) => set))];
  if (sets.length > 1) {
    throw new AppError("DATASET_SOURCE_UNKNOWN", {
      required: "a folder with the idx files of one dataset",
      received: `${sets.length}: ${sets.map((set) => set || "(no prefix)").join(", ")}`,
      where: location,
      hint: "put each set's four files in a folder of its own",
    });
  }
  const present = (["train", "test"] as const).filter((split) => found.some((name) => name.split === split));
  const parts = await Promise.all(present.map((split) => readPart(location, found, split, present.length > 1)));
  return {
    kind: "idx",
    location,
    skipped: [],
    remarks: [],
    async *samples() {
      for (const part of parts) yield* part();
    },
    close: async () => {},
  };
}

function parseName(file: string): IdxName | undefined {
  const [, set, part, content, rank] = idxName.exec(file) ?? [];
  if (part === undefined || content === undefined) return undefined;
  const isImages = content.toLowerCase() === "images";
  if (isImages !== (rank === "3")) return undefined;
  const split = part.toLowerCase() === "train" ? "train" : "test";
  return { file, set: set ?? "", split, content: isImages ? "images" : "labels" };
}

async function readPart(
  location: string,
  found: readonly IdxName[],
  split: Split,
  splitIsGiven: boolean,
): Promise<() => Generator<PixelSample>> {
  const fileOf = (content: IdxName["content"]): string => {
    // Where a file stands there packed and unpacked, the unpacked one is the shorter name and the
    // faster one.
    const [name] = found
      .filter((candidate) => candidate.split === split && candidate.content === content)
      .map(({ file }) => file)
      .sort((a, b) => a.length - b.length);
    if (name === undefined)
      throw idxInvalid(`the ${split} pictures and their labels in two idx files`, `no ${content}`, location);
    return name;
  };
  const imagesFile = fileOf("images");
  const labelsFile = fileOf("labels");
  const [images, labels] = await Promise.all([
    readIdx(join(location, imagesFile), 3),
    readIdx(join(location, labelsFile), 1),
  ]);
  const [count = 0, height = 0, width = 0] = images.dims;
  const labelCount = labels.dims[0] ?? 0;
  if (count !== labelCount) {
    throw idxInvalid(
      `as many labels as pictures: ${count} in ${imagesFile}`,
      `${labelCount} in ${labelsFile}`,
      location,
    );
  }
  if (!isPictureSize(width, height)) {
    const required = `pictures of 1 to ${pictureLimits.pixels / 1e6} million pixels, with sides of at most ${sideLimit}`;
    throw idxInvalid(required, `${width} x ${height} pixels`, join(location, imagesFile));
  }
  if (count > pictureCountLimit) {
    throw idxInvalid(`at most ${pictureCountLimit} pictures`, `${count}`, join(location, imagesFile));
  }
  return () => digits(images, labels, imagesFile, splitIsGiven ? split : undefined);
}

/** A JPEG's sides can be no longer; libvips fails where a line of millions is to be resized. */
const sideLimit = 65_535;

function isPictureSize(width: number, height: number): boolean {
  const pixels = width * height;
  return pixels > 0 && pixels <= pictureLimits.pixels && Math.max(width, height) <= sideLimit;
}

function* digits(images: IdxFile, labels: IdxFile, file: string, split: Split | undefined): Generator<PixelSample> {
  const [count = 0, height = 0, width = 0] = images.dims;
  for (let at = 0; at < count; at++) {
    const pixels = images.values.subarray(at * height * width, (at + 1) * height * width);
    const image = { width, height, channels: 1 as const, pixels };
    const stamp = `${images.stamp} ${labels.stamp} ${at}`;
    yield { id: `${file}#${at}`, label: String(labels.values[at]), stamp, image, ...(split && { split }) };
  }
}
