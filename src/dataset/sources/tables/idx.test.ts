import { mkdtemp, readdir, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { describeSource } from "../../../../tests/contracts/source.ts";
import type { PixelSample } from "../source.ts";
import { hasIdxFiles, openIdxFolder } from "./idx.ts";

function idx(dims: readonly number[], values: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.writeUInt32BE(0x0800 + dims.length, 0);
  for (const [at, dim] of dims.entries()) header.writeUInt32BE(dim, 4 + 4 * at);
  return Buffer.concat([header, Buffer.from(values)]);
}
const images = idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const labels = idx([2], [7, 0]);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-idx-"));
});

async function put(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}

async function read(): Promise<PixelSample[]> {
  const source = await openIdxFolder(folder, await readdir(folder));
  const samples: PixelSample[] = [];
  for await (const sample of source.samples()) if ("image" in sample) samples.push(sample);
  return samples;
}

describe("a folder of idx files", () => {
  it("gives grey pictures with their numbers as labels, and the split that is given", async () => {
    await put({
      "train-images-idx3-ubyte": images,
      "train-labels-idx1-ubyte": labels,
      "t10k-images-idx3-ubyte.gz": gzipSync(images),
      "t10k-labels-idx1-ubyte.gz": gzipSync(labels),
    });
    const samples = await read();
    expect(samples.map(({ id, label, split }) => [id, label, split])).toEqual([
      ["train-images-idx3-ubyte#0", "7", "train"],
      ["train-images-idx3-ubyte#1", "0", "train"],
      ["t10k-images-idx3-ubyte.gz#0", "7", "test"],
      ["t10k-images-idx3-ubyte.gz#1", "0", "test"],
    ]);
    expect(samples[1]!.image).toMatchObject({ width: 3, height: 2, channels: 1 });
    expect([...samples[1]!.image.pixels]).toEqual([7, 8, 9, 10, 11, 12]);
  });

  it("gives no split where there is one part only, and knows EMNIST's names", async () => {
    await put({
      "emnist-letters-train-images-idx3-ubyte": images,
      "emnist-letters-train-labels-idx1-ubyte": labels,
    });
    expect((await read()).map(({ split }) => split)).toEqual([undefined, undefined]);
  });

  it("is told from other folders by its names", () => {
    expect(hasIdxFiles(["README", "train-images.idx3-ubyte"])).toBe(true);
    expect(hasIdxFiles(["cat", "train-images.zip"])).toBe(false);
  });

  it.each([
    [
      "a wrong magic number",
      { "train-labels-idx1-ubyte": images },
      /an idx file of unsigned bytes with 1 dimensions and the magic number 0x00000801; got 0x00000803 \(.*train-labels-idx1-ubyte\)/,
    ],
    [
      "pixels that are cut off",
      { "train-images-idx3-ubyte": images.subarray(0, 20) },
      /an idx file of 2 x 2 x 3 with 28 bytes; got 20 bytes \(.*train-images-idx3-ubyte\)/,
    ],
    [
      "more pixels than the header says",
      { "train-images-idx3-ubyte": Buffer.concat([images, images]) },
      /28 bytes; got 56 bytes/,
    ],
    [
      "a header that is cut off",
      { "train-labels-idx1-ubyte": labels.subarray(0, 6) },
      /8 bytes of header; got 6 bytes/,
    ],
    [
      "another number of labels",
      { "train-labels-idx1-ubyte": idx([3], [1, 2, 3]) },
      /as many labels as pictures: 2 in train-images-idx3-ubyte; got 3 in train-labels-idx1-ubyte/,
    ],
    [
      "pictures without pixels",
      { "train-images-idx3-ubyte": idx([2, 0, 3], []) },
      /pictures of 1 to 100 million pixels, .*; got 3 x 0 pixels/,
    ],
  ])("with %s is invalid", async (_, files, message) => {
    await put({ "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels, ...files });
    await expect(read()).rejects.toMatchObject({ code: "IDX_INVALID", message: expect.stringMatching(message) });
  });

  it("with a gzip file that is cut off is invalid", async () => {
    await put({
      "train-images-idx3-ubyte.gz": gzipSync(images).subarray(0, 20),
      "train-labels-idx1-ubyte": labels,
    });
    await expect(read()).rejects.toMatchObject({
      code: "IDX_INVALID",
      message: expect.stringMatching(/a gzip file that is whole; got unexpected end of file/),
    });
  });

  it.each([
    ["a line of 67 million pixels", [1, 1, 2 ** 26], /sides of at most 65535; got 67108864 x 1 pixels/],
    ["a picture of more pixels than any may have", [1, 2 ** 14, 2 ** 14], /got 16384 x 16384 pixels/],
    ["more pictures than a source may have", [2 ** 23, 1, 1], /at most 5000000 pictures; got 8388608/],
  ])("with %s is invalid, before anything is made of it", async (_, dims, message) => {
    const pictures = Buffer.concat([idx(dims, []), Buffer.alloc(dims.reduce((product, dim) => product * dim, 1))]);
    await put({
      "train-images-idx3-ubyte": pictures,
      "train-labels-idx1-ubyte": Buffer.concat([idx([dims[0]!], []), Buffer.alloc(dims[0]!)]),
    });
    await expect(read()).rejects.toMatchObject({ code: "IDX_INVALID", message: expect.stringMatching(message) });
  });

  it.each([
    ["overflows", [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], "4294967295 x 4294967295 x 4294967295"],
    ["is large", [2 ** 15, 256, 256], "32768 x 256 x 256"],
  ])("with a packed file whose header %s is refused by the header alone", async (_, dims, shape) => {
    // Behind the header is one value only: an array of that size is never made.
    await put({ "train-images-idx3-ubyte.gz": gzipSync(idx(dims, [1])), "train-labels-idx1-ubyte": labels });
    await expect(read()).rejects.toMatchObject({
      code: "IDX_INVALID",
      message: expect.stringContaining(`an idx file of at most 268.4 MB, unpacked; got one of ${shape} (`),
    });
  });

  it("with a packed file that unpacks to more than its header says is invalid", async () => {
    const bomb = gzipSync(Buffer.concat([images, Buffer.alloc(2 ** 26)]));
    await put({ "train-images-idx3-ubyte.gz": bomb, "train-labels-idx1-ubyte": labels });
    await expect(read()).rejects.toMatchObject({
      code: "IDX_INVALID",
      message: expect.stringContaining("an idx file of 2 x 2 x 3 with 28 bytes; got more ("),
    });
  });

  it("with pictures but no labels is invalid", async () => {
    await put({ "train-images-idx3-ubyte": images });
    await expect(read()).rejects.toMatchObject({
      code: "IDX_INVALID",
      message: `Expected the train pictures and their labels in two idx files; got no labels (${folder})`,
    });
  });

  it("with two sets is asked to be two folders", async () => {
    await put({ "emnist-mnist-train-images-idx3-ubyte": images, "train-images-idx3-ubyte": images });
    await expect(read()).rejects.toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      message: expect.stringContaining("got 2: emnist-mnist, (no prefix)"),
    });
  });
});

describeSource("a folder of idx files", async () => {
  const root = await mkdtemp(join(tmpdir(), "pawprint-idx-"));
  const imagesFile = join(root, "train-images-idx3-ubyte");
  await writeFile(imagesFile, images);
  await writeFile(join(root, "train-labels-idx1-ubyte"), labels);
  await writeFile(join(root, "t10k-images-idx3-ubyte"), images);
  await writeFile(join(root, "t10k-labels-idx1-ubyte"), labels);
  const pictures = (["train", "test"] as const).flatMap((split) =>
    [Buffer.of(1, 2, 3, 4, 5, 6), Buffer.of(7, 8, 9, 10, 11, 12)].map((content, at) => ({
      id: `${split === "train" ? "train" : "t10k"}-images-idx3-ubyte#${at}`,
      label: ["7", "0"][at]!,
      split,
      content,
    })),
  );
  return {
    pictures,
    open: async () => openIdxFolder(root, await readdir(root)),
    change: async () => {
      await writeFile(imagesFile, idx([2, 2, 3], [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]));
      // The same length, within the tick of the disk's clock.
      await utimes(imagesFile, new Date(), new Date(1000));
    },
    afterChange: "old content",
  };
});
