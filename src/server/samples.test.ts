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
