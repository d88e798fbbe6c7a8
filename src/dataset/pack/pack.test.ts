import { mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import { interruption } from "../../base/cancel.ts";
import { sha256 } from "../../base/hash.ts";
import { createLogger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import { applyRecipe } from "../../image/apply-recipe.ts";
import type { Recipe } from "../../image/recipe.ts";
import { summarize } from "../dataset-summary.ts";
import { openSource } from "../sources/open-source.ts";
import type { Sample, Source } from "../sources/source.ts";
import { buildPack, type PackOptions } from "./build-pack.ts";
import { type Pack, readPixels } from "./pack.ts";

const recipe: Recipe = { width: 6, height: 4, channels: 3, fit: "cover", kernel: "cubic" };
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-pack-"));
});

/** A picture that no other number gives. */
function picture(number: number): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: 10 * 10 * 3 }, (_, at) => (at * 7 + number * 31) % 256);
  return sharp(pixels, { raw: { width: 10, height: 10, channels: 3 } })
    .png()
    .toBuffer();
}

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function putPets(perClass: number): Promise<void> {
  for (let at = 0; at < perClass; at++) {
    await put(`cat/${at}.png`, await picture(at));
    await put(`dog/${at}.png`, await picture(100 + at));
  }
}

const pack = async (options?: PackOptions): Promise<Pack> => buildPack(await openSource(folder), recipe, options);
const rowOf = (of: Pack, at: number): Promise<Uint8Array> => readPixels(of, Uint32Array.of(at));

describe("a pack", () => {
  it("holds what prediction computes for the same files, byte for byte", async () => {
    await putPets(4);
    const built = await pack();
    expect(built.labels).toEqual(["cat", "dog"]);
    expect(built.ids).toEqual(
      [0, 1, 2, 3].map((at) => `cat/${at}.png`).concat([0, 1, 2, 3].map((at) => `dog/${at}.png`)),
    );
    expect([...built.targets]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(built.pixels).toMatchObject({ rowBytes: 72, rowCount: 8 });
    for (const [at, number] of [0, 1, 2, 3, 100, 101, 102, 103].entries()) {
      const bytes = await picture(number);
      expect(built.hashes[at]).toBe(sha256(bytes));
      expect(await rowOf(built, at)).toEqual(await applyRecipe(bytes, recipe));
    }
  });

  it("has a hash that names and order leave alone, and that content and labels change", async () => {
    await putPets(4);
    const { hash } = await pack();
    await rename(join(folder, "cat/0.png"), join(folder, "cat/zzz.png"));
    expect((await pack()).hash).toBe(hash);
    await rename(join(folder, "cat"), join(folder, "lynx"));
    expect((await pack()).hash).not.toBe(hash);
    await rename(join(folder, "lynx"), join(folder, "cat"));
    await put("cat/new.png", await picture(50));
    expect((await pack()).hash).not.toBe(hash);
  });

  it("is the same however many pictures are decoded at once", async () => {
    await putPets(6);
    await put("cat/3.png", "no picture");
    const contentOf = async ({ pixels, ...facts }: Pack) => ({
      ...facts,
      pixels: await readPixels(
        { pixels },
        Uint32Array.from({ length: pixels.rowCount }, (_, at) => at),
      ),
    });
    expect(await contentOf(await pack({ concurrency: 1 }))).toEqual(await contentOf(await pack({ concurrency: 7 })));
  });

  it("orders classes that are numbers by number", async () => {
    for (const [at, label] of ["10", "9", "2"].entries()) {
      for (let each = 0; each < 3; each++) await put(`${label}/${each}.png`, await picture(at * 10 + each));
    }
    expect((await pack()).labels).toEqual(["2", "9", "10"]);
  });

  it("keeps splits that folders give", async () => {
    for (const [at, path] of [
      "train/cat/a",
      "train/cat/b",
      "train/dog/a",
      "train/dog/b",
      "test/cat/c",
      "test/dog/c",
    ].entries()) {
      await put(`${path}.png`, await picture(at));
    }
    const built = await pack();
    expect(built.ids.map((id, at) => `${id} ${built.splits[at]}`).filter((line) => line.startsWith("test"))).toEqual([
      "test/cat/c.png 2",
      "test/dog/c.png 2",
    ]);
    expect(summarize(built).classes).toEqual([
      { label: "cat", train: 1, val: 1, test: 1 },
      { label: "dog", train: 1, val: 1, test: 1 },
    ]);
  });

  it("counts exact copies and keeps them on one side", async () => {
    await putPets(5);
    await put("cat/copy.png", await picture(0));
    const built = await pack();
    expect(summarize(built)).toMatchObject({ pictures: 11, duplicates: 1, duplicatesAcrossSplits: 0 });
    expect(built.splits[built.ids.indexOf("cat/copy.png")]).toBe(built.splits[built.ids.indexOf("cat/0.png")]);
  });

  it("reports every picture as progress and stops when interrupted", async () => {
    await putPets(4);
    const seen: string[] = [];
    const controller = new AbortController();
    const progressOf = (advance: () => void): Progress => ({
      start: ({ label, total, unit }) => {
        seen.push(`${label} ${total} ${unit}`);
        return { advance, done: () => seen.push("done"), fail: () => seen.push("fail") };
      },
    });
    await pack({ progress: progressOf(() => seen.push("+")) });
    expect(seen).toEqual(["decode 8 pictures", ..."++++++++", "done"]);
    const abort = progressOf(() => controller.abort(interruption("SIGINT")));
    await expect(pack({ progress: abort, signal: controller.signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(seen.at(-1)).toBe("fail");
  });
});

describe("pictures that cannot be used", () => {
  it("are skipped, named and counted in a warning", async () => {
    await putPets(4);
    await put("cat/0.png", "no picture at all");
    await put("cat/notes", "about the cats");
    await put("cat/notes.txt", "no picture by its name");
    await put("dog/2.png", (await picture(102)).subarray(0, 60));
    await put("stray.jpg", await picture(7));
    const warnings: string[] = [];
    const built = await pack({ logger: createLogger((level, message) => warnings.push(`${level}: ${message}`)) });
    expect(built.ids).toEqual(["cat/1.png", "cat/2.png", "cat/3.png", "dog/0.png", "dog/1.png", "dog/3.png"]);
    expect(await rowOf(built, 0)).toEqual(await applyRecipe(await picture(1), recipe));
    expect(await rowOf(built, 5)).toEqual(await applyRecipe(await picture(103), recipe));
    expect(warnings).toEqual([
      "info: no pictures by their names: 'cat/notes.txt'",
      "warn: 4 of 10 pictures were skipped:",
      `warn:   "stray.jpg": no folder that could be its label [DATASET_LABEL_MISSING]`,
      `warn:   "cat/0.png": Expected a JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP picture; got a text that begins with "no picture at all" [IMAGE_UNREADABLE]`,
      `warn:   "cat/notes": Expected a JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP picture; got a text that begins with "about the cats" [IMAGE_UNREADABLE]`,
      expect.stringMatching(/^warn: {3}"dog\/2.png": Expected a picture that is whole; got .* \[IMAGE_UNREADABLE\]$/),
    ]);
    expect(summarize(built)).toMatchObject({
      pictures: 6,
      skipped: 4,
      skippedByCode: { DATASET_LABEL_MISSING: 1, IMAGE_UNREADABLE: 3 },
    });
  });

  it("are used but counted where they are nearly black, as 12-bit values in 16 bits are", async () => {
    await putPets(4);
    const values = Uint16Array.from({ length: 16 * 16 }, (_, at) => (at * 37) % 4096);
    const raw = { width: 16, height: 16, channels: 1 as const };
    await put("cat/scan.png", await sharp(values, { raw }).toColourspace("grey16").png().toBuffer());
    const warnings: string[] = [];
    await pack({ logger: createLogger((level, message) => warnings.push(`${level}: ${message}`)) });
    expect(warnings).toEqual([
      "warn: 1 of 9 pictures are nearly black; 'data check' tells whether they hold 10- or 12-bit values in 16 bits",
    ]);
  });

  it("end the work where strict is asked for, the first one named", async () => {
    await putPets(4);
    await put("cat/2.png", "no picture");
    await put("dog/1.png", "none either");
    await expect(pack({ strict: true })).rejects.toMatchObject({ code: "IMAGE_UNREADABLE", where: "cat/2.png" });
    await put("stray.png", await picture(7));
    await expect(pack({ strict: true })).rejects.toMatchObject({
      code: "DATASET_LABEL_MISSING",
      message: expect.stringContaining("only usable pictures, since strict is set; got 'stray.png'"),
    });
  });

  it("must not be a whole class: the model would be another one than was asked for", async () => {
    await putPets(4);
    await put("bird/0.png", "broken");
    await put("bird/1.png", "broken as well");
    await put("bird/2.png", "broken, too");
    const lost = {
      code: "DATASET_CLASS_TOO_SMALL",
      message: expect.stringMatching(
        /pictures of class 'bird' that can be used; got none of 3: 'bird\/0.png': Expected a JPEG, .* begins with "broken"/,
      ),
    };
    await expect(pack()).rejects.toMatchObject(lost);
  });

  it("are all copies of a picture that stands under two labels", async () => {
    await putPets(4);
    await put("dog/same.png", await picture(1));
    const built = await pack();
    expect(built.skipped).toEqual([
      {
        id: "cat/1.png",
        label: "cat",
        code: "DATASET_LABEL_CONFLICT",
        reason: "the same picture under 'cat' and 'dog'",
      },
      {
        id: "dog/same.png",
        label: "dog",
        code: "DATASET_LABEL_CONFLICT",
        reason: "the same picture under 'cat' and 'dog'",
      },
    ]);
    await expect(pack({ strict: true })).rejects.toMatchObject({ code: "DATASET_LABEL_CONFLICT" });
  });

  it("include a file that vanishes while the source is read", async () => {
    await putPets(4);
    const source = await openSource(folder);
    await rename(join(folder, "dog/3.png"), join(folder, "gone"));
    const built = await buildPack(source, recipe);
    expect(built.skipped).toMatchObject([{ id: "dog/3.png", code: "FILE_NOT_FOUND" }]);
  });

  it("do not hide a fault in the source itself", async () => {
    await putPets(4);
    const real = await openSource(folder);
    const source: Source = {
      ...real,
      async *samples(): AsyncGenerator<Sample> {
        for await (const sample of real.samples())
          yield { ...sample, bytes: () => Promise.reject(new Error("broken")) };
      },
    };
    await expect(buildPack(source, recipe)).rejects.toThrow("broken");
  });
});

describe("a dataset that cannot be trained on", () => {
  it("has one class", async () => {
    for (let at = 0; at < 4; at++) await put(`cat/${at}.png`, await picture(at));
    await expect(pack()).rejects.toMatchObject({
      code: "DATASET_ONE_CLASS",
      message: `Expected pictures of at least two classes; got only 'cat', with 4 pictures (${folder})`,
    });
  });

  it("has a class with one picture, with one that is readable, or with copies of one", async () => {
    await putPets(4);
    await put("hamster/only.png", await picture(1000));
    const refusal = {
      code: "DATASET_CLASS_TOO_SMALL",
      message: `Expected at least 3 different pictures of each class, one for each split; got 1 of class 'hamster' (${folder})`,
    };
    await expect(pack()).rejects.toMatchObject(refusal);
    await put("hamster/a.png", "none");
    await put("hamster/b.png", "none");
    await expect(pack()).rejects.toMatchObject(refusal);
    await put("hamster/a.png", await picture(1000));
    await put("hamster/b.png", await picture(1000));
    await expect(pack()).rejects.toMatchObject(refusal);
  });

  it("has no picture that can be read", async () => {
    for (const path of ["cat/1", "cat/2", "cat/3", "dog/1", "dog/2", "dog/3"]) await put(`${path}.jpg`, "");
    await expect(pack()).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      message: `Expected pictures of at least two classes; got no picture that can be used: 6 of 6 were skipped, the first 'cat/1.jpg': Expected a JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP picture; got an empty file (${folder})`,
    });
  });

  it("is too large for memory", async () => {
    await putPets(4);
    const source = await openSource(folder);
    const first: Sample[] = [];
    for await (const sample of source.samples()) first.push(sample);
    const samples = async function* (): AsyncGenerator<Sample> {
      for (let copy = 0; copy < 100_000; copy++) yield* first;
    };
    const huge: Recipe = { ...recipe, width: 4096, height: 4096 };
    await expect(buildPack({ ...source, samples }, huge)).rejects.toMatchObject({
      code: "DATASET_TOO_LARGE",
      message:
        "Expected pictures that fit into one block of memory at the recipe's size; got 800000 pictures of 4096 x 4096: 40.3 TB",
    });
  });
});

describe("near-duplicates", () => {
  it("stay on one side, whatever their own hashes say", async () => {
    const random = createRandom(8);
    for (let at = 0; at < 40; at++) {
      const noise = Uint8Array.from({ length: 16 * 16 * 3 }, () => random.integer(256));
      const large = sharp(noise, { raw: { width: 16, height: 16, channels: 3 } }).resize(128, 128, { kernel: "cubic" });
      await put(`${at % 2 === 0 ? "cat" : "dog"}/${at}.png`, await large.clone().png().toBuffer());
      await put(
        `${at % 2 === 0 ? "cat" : "dog"}/${at}-again.jpg`,
        await large.resize(100, 100).jpeg({ quality: 70 }).toBuffer(),
      );
    }
    const built = await buildPack(await openSource(folder), { ...recipe, width: 64, height: 64 });
    const sideOf = new Map(built.ids.map((id, at) => [id.replace(/(-again)?\.\w+$/, ""), built.splits[at]]));
    expect(sideOf.size).toBe(40);
    for (const [at, id] of built.ids.entries()) {
      expect(built.splits[at], id).toBe(sideOf.get(id.replace(/(-again)?\.\w+$/, "")));
    }
    expect(new Set(built.splits)).toEqual(new Set([0, 1, 2]));
  });
});
