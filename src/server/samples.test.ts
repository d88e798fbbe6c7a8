import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSamples } from "./samples.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-samples-"));
  for (const [label, files] of [
    ["cat", ["a.png", "b.tiff", "c.png"]],
    ["dog", ["a.png"]],
  ] as const) {
    await mkdir(join(folder, label));
    for (const file of files) {
      const picture = sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } });
      await writeFile(
        join(folder, label, file),
        await picture.toFormat(file.endsWith("tiff") ? "tiff" : "png").toBuffer(),
      );
    }
  }
  await mkdir(join(folder, "none", "cat"), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("lists so many, the classes in turn", async () => {
  const samples = openSamples(folder, 3);
  expect(await samples.list()).toEqual([
    { name: "cat/a.png", label: "cat" },
    { name: "dog/a.png", label: "dog" },
    { name: "cat/b.tiff", label: "cat" },
  ]);
  await samples.close();
});

it("gives files that browsers show: others become PNG", async () => {
  const samples = openSamples(folder, 3);
  expect((await samples.read(0)).mediaType).toBe("image/png");
  const { bytes, mediaType } = await samples.read(2);
  expect(mediaType).toBe("image/png");
  expect((await sharp(bytes).metadata()).format).toBe("png");
  await expect(samples.read(3)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await samples.close();
});

it("says what is wrong with a folder, closes all the same, and finds what comes later", async () => {
  const place = join(folder, "..", `${folder.split("/").at(-1)}-later`);
  const samples = openSamples(place);
  await expect(samples.list()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await samples.close();
  for (const label of ["cat", "dog"]) await mkdir(join(place, label), { recursive: true });
  await writeFile(join(place, "cat", "a.png"), "x");
  await writeFile(join(place, "dog", "a.png"), "x");
  expect(await samples.list()).toHaveLength(2);
  await samples.close();
  await rm(place, { recursive: true });
});

it("has none where no folder is named", async () => {
  const samples = openSamples(undefined);
  expect(await samples.list()).toEqual([]);
  await expect(samples.read(0)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

it("makes large pictures small, once, and leaves small files as they are", async () => {
  const place = join(folder, "large");
  await mkdir(join(place, "cat"), { recursive: true });
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  const paint = (channels: 3 | 4, width: number) =>
    sharp({ create: { width, height: 700, channels, background: "red", ...(channels === 3 && { noise }) } });
  const small = await paint(4, 40).png().toBuffer();
  await writeFile(join(place, "cat", "a.jpg"), await paint(3, 1400).withMetadata({ orientation: 6 }).jpeg().toBuffer());
  await writeFile(join(place, "cat", "b.webp"), await paint(3, 1400).webp({ lossless: true }).toBuffer());
  await writeFile(join(place, "cat", "c.png"), small);
  const samples = openSamples(place);
  const [first, again] = await Promise.all([samples.read(0), samples.read(0)]);
  expect(again.bytes).toBe(first.bytes);
  await rm(join(place, "cat", "a.jpg"));
  expect((await samples.read(0)).bytes).toBe(first.bytes);
  expect(first.mediaType).toBe("image/jpeg");
  // Upright, as it was shown.
  const { format, width, height, orientation } = await sharp(first.bytes).metadata();
  expect({ format, width, height, orientation }).toEqual({
    format: "jpeg",
    width: 256,
    height: 512,
    orientation: undefined,
  });
  const lossless = await samples.read(1);
  expect(lossless.mediaType).toBe("image/png");
  expect((await sharp(lossless.bytes).metadata()).width).toBe(512);
  expect(Buffer.from((await samples.read(2)).bytes).equals(small)).toBe(true);
  await samples.close();
});
