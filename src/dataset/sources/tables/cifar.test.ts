import { appendFile, mkdtemp, readdir, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { describeSource } from "../../../../tests/contracts/source.ts";
import type { Sample } from "../source.ts";
import { hasCifarFiles, openCifarFolder } from "./cifar.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-cifar-"));
});

/** One record: the label, then a plane of each colour, filled with it but for the first pixel. */
function record(label: number, [red, green, blue]: readonly [number, number, number]): Buffer {
  const bytes = Buffer.concat([Buffer.of(label), ...[red, green, blue].map((value) => Buffer.alloc(1024, value))]);
  for (const [plane, value] of [1, 2, 3].entries()) bytes[1 + plane * 1024] = value;
  return bytes;
}

/** What a record's picture is: 1, 2, 3, then the colour again and again. */
function pixelsOf(colour: readonly number[]): Buffer {
  return Buffer.concat([Buffer.of(1, 2, 3), ...Array.from({ length: 1023 }, () => Buffer.from(colour))]);
}

async function put(files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

async function read(): Promise<Sample[]> {
  const source = await openCifarFolder(folder, await readdir(folder));
  const samples: Sample[] = [];
  for await (const sample of source.samples()) samples.push(sample);
  await source.close();
  return samples;
}

describe("a folder of CIFAR-10's binary version", () => {
  it("gives training batches by their numbers, then the test batch, with names of classes and splits", async () => {
    await put({
      "test_batch.bin": record(1, [9, 9, 9]),
      "data_batch_10.bin": record(0, [8, 8, 8]),
      "data_batch_2.bin": Buffer.concat([record(1, [7, 7, 7]), record(0, [6, 6, 6])]),
      "batches.meta.txt": "airplane\nautomobile\n\n",
      "readme.html": "",
    });
    expect((await read()).map(({ id, label, split }) => [id, label, split])).toEqual([
      ["data_batch_2.bin#0", "automobile", "train"],
      ["data_batch_2.bin#1", "airplane", "train"],
      ["data_batch_10.bin#0", "airplane", "train"],
      ["test_batch.bin#0", "automobile", "test"],
    ]);
  });

  it("gives numbers as labels without a file of names, and no split where there is one part only", async () => {
    await put({ "data_batch_1.bin": Buffer.concat([record(9, [0, 0, 0]), record(0, [0, 0, 0])]) });
    expect((await read()).map(({ label, split }) => [label, split])).toEqual([
      ["9", undefined],
      ["0", undefined],
    ]);
  });

  it("reads no picture before it is asked for", async () => {
    const count = 3000;
    await put({
      "data_batch_1.bin": Buffer.concat(Array.from({ length: count }, (_, at) => record(at % 10, [at % 256, 0, 0]))),
    });
    const source = await openCifarFolder(folder, await readdir(folder));
    const before = process.memoryUsage().arrayBuffers;
    const samples: Sample[] = [];
    for await (const sample of source.samples()) samples.push(sample);
    // The pictures have 9.2 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    const last = samples[count - 1]!;
    expect("image" in last && last.image.pixels[3]).toBe((count - 1) % 256);
    await source.close();
  });

  it("is told from other folders by its names", () => {
    expect(hasCifarFiles(["x", "data_batch_1.bin"])).toBe(true);
    expect(hasCifarFiles(["test_batch.bin"])).toBe(true);
    expect(hasCifarFiles(["data_batch_1", "data.bin", "cat"])).toBe(false);
  });

  it.each([
    [
      "a batch that is cut off",
      { "data_batch_1.bin": record(1, [0, 0, 0]).subarray(1) },
      /records of 3073 bytes; got 3072 bytes/,
    ],
    ["an empty batch", { "test_batch.bin": "" }, /records of 3073 bytes; got 0 bytes \(.*test_batch\.bin\)/],
    [
      "a label above 9",
      { "data_batch_1.bin": Buffer.concat([record(1, [0, 0, 0]), record(10, [0, 0, 0])]) },
      /labels from 0 to 9; got 10 \(.*data_batch_1\.bin, record 1\)/,
    ],
    ["a label without a name", { "batches.meta.txt": "a\nb" }, /labels from 0 to 1; got 5/],
    [
      "a name that is empty",
      { "batches.meta.txt": "a\n\nb\n" },
      /a class name in each line; got an empty label \(.*:2\)/,
    ],
    ["a name twice", { "batches.meta.txt": "a\nb\na" }, /a different name for each class; got 'a' twice/],
  ])("with %s is invalid", async (_, files, message) => {
    await put({ "data_batch_2.bin": record(5, [0, 0, 0]), ...files });
    await expect(read()).rejects.toMatchObject({ code: "CIFAR_INVALID", message: expect.stringMatching(message) });
  });

  it("that grows while it is read says so", async () => {
    await put({ "data_batch_1.bin": record(5, [0, 0, 0]) });
    const source = await openCifarFolder(folder, await readdir(folder));
    for await (const sample of source.samples()) {
      await appendFile(join(folder, "data_batch_1.bin"), "x");
      expect(() => "image" in sample && sample.image).toThrow(expect.objectContaining({ code: "SOURCE_CHANGED" }));
    }
    await source.close();
  });
});

describeSource("a folder of CIFAR-10's binary version", async () => {
  const root = await mkdtemp(join(tmpdir(), "pawprint-cifar-"));
  const first = join(root, "data_batch_1.bin");
  const [red, blue, grey] = [
    [200, 10, 20],
    [10, 20, 200],
    [90, 90, 90],
  ] as const;
  await writeFile(first, Buffer.concat([record(3, red), record(5, blue)]));
  await writeFile(join(root, "test_batch.bin"), record(3, grey));
  return {
    pictures: [
      { id: "data_batch_1.bin#0", label: "3", split: "train", content: pixelsOf(red) },
      { id: "data_batch_1.bin#1", label: "5", split: "train", content: pixelsOf(blue) },
      { id: "test_batch.bin#0", label: "3", split: "test", content: pixelsOf(grey) },
    ],
    open: async () => openCifarFolder(root, await readdir(root)),
    change: async () => {
      await writeFile(first, Buffer.concat([record(3, grey), record(5, blue)]));
      // The same length, within the tick of the disk's clock.
      await utimes(first, new Date(), new Date(1000));
    },
  };
});
