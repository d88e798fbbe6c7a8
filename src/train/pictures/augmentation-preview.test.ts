import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeIdxFolder, writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { sha256 } from "../../base/hash.ts";
import { defaultProportions, defaultSalt, positionOf, splitAt } from "../../dataset/split.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import type { TrainSettings } from "../plan/train-config.ts";
import { previewAugmentation } from "./augmentation-preview.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-preview-"));
  await writePictureFolder(join(folder, "pictures"), { labels: ["blue", "red"], perClass: 40 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const executor = createOnnxRuntimeExecutor({ threads: 1 });
const off: TrainSettings = { size: 8, flip: false, shiftPixels: 0, zoom: 0, brightness: 0, contrast: 0 };
const preview = (options: Partial<Parameters<typeof previewAugmentation>[0]> = {}) =>
  previewAugmentation({ data: join(folder, "pictures"), executor, settings: off, count: 4, variants: 3, ...options });

describe("a preview of augmentation", () => {
  it("has a row for each picture, the classes in turn, and shows them as they are where nothing is varied", async () => {
    const { rows, recipe, skipped } = await preview();
    expect(rows.map(({ label }) => label)).toEqual(["blue", "red", "blue", "red"]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(4);
    expect([recipe.width, recipe.height, recipe.channels, skipped]).toEqual([8, 8, 3, []]);
    for (const { pictures, label } of rows) {
      expect(pictures.map(({ caption }) => caption)).toEqual([label, label, label, label]);
      expect(pictures[0]!.pixels).toHaveLength(8 * 8 * 3);
      // Through normalisation and back: every byte returns.
      for (const { pixels } of pictures) expect(pixels).toEqual(pictures[0]!.pixels);
    }
  });

  it("varies pictures differently in each column, the same for the same seed", async () => {
    const settings = { ...off, brightness: 1, rotationDegrees: 30 };
    const [first, second, other] = [
      await preview({ settings }),
      await preview({ settings }),
      await preview({ settings: { ...settings, seed: 1 } }),
    ];
    expect(second).toEqual(first);
    expect(other.rows[0]!.pictures[1]).not.toEqual(first.rows[0]!.pictures[1]);
    const texts = first.rows[0]!.pictures.map(({ pixels }) => pixels.join());
    expect(new Set(texts).size).toBe(4);
  });

  it("names both labels of a mixed picture with their shares", async () => {
    const { rows } = await preview({ settings: { ...off, mixup: 1 }, variants: 6, count: 8 });
    const captions = rows.flatMap(({ pictures }) => pictures.slice(1)).map(({ caption }) => caption);
    const mixed = captions.filter((caption) => caption.includes("+"));
    expect(mixed.length).toBeGreaterThan(0);
    for (const caption of mixed) {
      const [, first, second] = /^(?:blue|red) (0\.\d\d) \+ (?:blue|red) (0\.\d\d|1\.00)$/.exec(caption) ?? [];
      expect(Number(first) + Number(second)).toBeCloseTo(1, 9);
    }
    expect(captions).toContainEqual(expect.stringMatching(/blue .*red|red .*blue/));
  });

  it("takes pictures of the split that is asked for", async () => {
    const plan = { val: defaultProportions.val, test: defaultProportions.test };
    for (const split of ["train", "val"] as const) {
      const { rows } = await preview({ split });
      expect(rows.length).toBeGreaterThan(0);
      for (const { id } of rows) {
        const bytes = await readFile(join(folder, "pictures", id));
        expect(splitAt(positionOf(sha256(bytes), defaultSalt), plan)).toBe(split);
      }
    }
  });

  it("keeps to the splits that the source itself gives", async () => {
    const given = join(folder, "given");
    for (const split of ["train", "val", "test"])
      await writePictureFolder(join(given, split), { perClass: 3, seed: split.length });
    const { rows } = await preview({ data: given, split: "test", count: 6 });
    expect(rows.map(({ id }) => id.split("/")[0])).toEqual(Array(6).fill("test"));
  });

  it("shows pixels of idx files in their own size, grey, and moved as digits are", async () => {
    await writeIdxFolder(join(folder, "idx"));
    const { recipe, choices } = await preview({ data: join(folder, "idx"), settings: { widths: [8] } });
    expect([recipe.width, recipe.channels]).toEqual([8, 1]);
    const values = Object.fromEntries(choices.map(({ key, value }) => [key, value]));
    expect(values).toMatchObject({ shiftPixels: 2, zoom: 0.1, rotationDegrees: 10, brightness: 0 });
  });

  it("passes over pictures that cannot be used, and says so where there are no others", async () => {
    const torn = join(folder, "torn");
    await writePictureFolder(torn, { perClass: 4 });
    await writeFile(join(torn, "red", "a.jpg"), "torn");
    await writeFile(join(torn, "red", "b.jpg"), "also torn, in other words");
    const { rows, skipped } = await preview({ data: torn, split: "train" });
    expect(rows.length).toBeGreaterThan(0);
    expect(skipped.every(({ code }) => code === "IMAGE_UNREADABLE")).toBe(true);

    await mkdir(join(folder, "bad", "cat"), { recursive: true });
    for (let at = 0; at < 20; at++) await writeFile(join(folder, "bad", "cat", `${at}.jpg`), `no picture ${at}`);
    await expect(preview({ data: join(folder, "bad") })).rejects.toMatchObject({
      code: "DATASET_EMPTY",
      required: "a picture of the train split that can be used",
    });
  });

  it("ends where it is interrupted", async () => {
    await expect(preview({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
