import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePictureFolder } from "../../tests/support/picture-folder.ts";
import { tinyExecutor as executor, tinyModel, tinyReference } from "../../tests/support/tiny-bundle.ts";
import { encodeBundle } from "../bundle/bundle.ts";
import { readPictureFile } from "../image/decode.ts";
import { applyRecipe } from "../image/recipe.ts";
import { listPictures } from "./list-pictures.ts";
import { type FilePrediction, openPredictor, type Predictor, predictionOf } from "./predictor.ts";

const model = tinyModel();
const bytes = encodeBundle(model.graph, { ...model.info, parity: [] });
let folder = "";
let predictor: Predictor;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-predict-"));
  await writePictureFolder(join(folder, "pictures"), { perClass: 3 });
  await mkdir(join(folder, "pictures", "deep", "er"), { recursive: true });
  await writeFile(join(folder, "pictures", "deep", "er", "broken.jpg"), "not a picture");
  await writeFile(join(folder, "pictures", "notes.txt"), "no picture by its name");
  await writeFile(join(folder, "pictures", ".hidden.png"), "");
  await mkdir(join(folder, "empty"));
  predictor = await openPredictor({ bytes }, { executor, batchSize: 2 });
});
afterAll(async () => {
  await predictor.close();
  await rm(folder, { recursive: true, force: true });
});

async function collect(paths: readonly string[], options = {}): Promise<FilePrediction[]> {
  const rows: FilePrediction[] = [];
  for await (const row of predictor.predictFiles(paths, { cwd: folder, ...options })) rows.push(row);
  return rows;
}

const expectedFiles = [
  "pictures/blue/blue.0.png",
  "pictures/blue/blue.1.png",
  "pictures/blue/blue.2.png",
  "pictures/deep/er/broken.jpg",
  "pictures/red/red.0.png",
  "pictures/red/red.1.png",
  "pictures/red/red.2.png",
];

describe("predicting pixels", () => {
  it("gives label, confidence and every probability", async () => {
    const { pixels, probabilities } = await tinyReference(model, 2);
    const predictions = await predictor.predict(pixels);
    expect(predictions).toHaveLength(2);
    for (const [row, prediction] of predictions.entries()) {
      const expected = [...probabilities.subarray(row * 3, row * 3 + 3)];
      expect(Object.entries(prediction.probabilities)).toEqual(
        ["cat", "dog", "fox"].map((label, index) => [label, expected[index]]),
      );
      expect(prediction.confidence).toBe(Math.max(...expected));
      expect(prediction.probabilities[prediction.label]).toBe(prediction.confidence);
    }
  });

  it("takes the first of equal classes", () => {
    expect(predictionOf(["a", "b", "c"], [0.2, 0.4, 0.4])).toMatchObject({ label: "b", confidence: 0.4 });
  });
});

describe("predicting files", () => {
  it("answers each picture as if it were alone, through the bundle's recipe, whatever the batches", async () => {
    const rows = await collect(["pictures"]);
    expect(rows.map(({ file }) => file)).toEqual(expectedFiles);
    for (const row of rows) {
      if (row.error !== undefined) continue;
      const [alone] = await predictor.predict(
        await applyRecipe(await readPictureFile(join(folder, row.file)), model.info.recipe),
      );
      expect(row.label).toBe(alone!.label);
      // Kernels may choose another order of summation for another batch size.
      expect(row.confidence).toBeCloseTo(alone!.confidence, 6);
    }
  });

  it("makes a row of what cannot be used and goes on", async () => {
    const rows = await collect(["nothing.jpg", "pictures", "empty"]);
    const faults = rows.filter((row) => row.error !== undefined).map(({ file, error }) => [file, error?.code]);
    expect(faults).toEqual([
      ["nothing.jpg", "FILE_NOT_FOUND"],
      ["pictures/deep/er/broken.jpg", "IMAGE_UNREADABLE"],
      ["empty", "DATASET_EMPTY"],
    ]);
    expect(rows).toHaveLength(9);
  });

  it("ends at the first such picture where it is strict", async () => {
    await expect(collect(["pictures"], { strict: true })).rejects.toMatchObject({
      code: "IMAGE_UNREADABLE",
      message:
        'a JPEG, PNG, GIF, WebP, TIFF or AVIF file; got a file that begins with "not a pictur" (pictures/deep/er/broken.jpg)',
    });
  });

  it("is ended by its signal", async () => {
    await expect(collect(["pictures"], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("tells its progress, and ends it where the reader stops early", async () => {
    const told: string[] = [];
    const progress = {
      start: ({ total }: { total?: number }) => {
        told.push(`start ${total}`);
        return {
          advance: () => told.push("one"),
          done: (info?: string) => told.push(`done ${info}`),
          fail: () => told.push("fail"),
        };
      },
    };
    await collect(["pictures"], { progress });
    expect(told).toEqual(["start 7", ...Array(7).fill("one"), "done 1 could not be used"]);
    told.length = 0;
    for await (const _ of predictor.predictFiles(["pictures"], { cwd: folder, progress })) break;
    expect(told).toEqual(["start 7", "one", "fail"]);
  });
});

describe("listing pictures", () => {
  it("takes a named file whatever its extension, and pictures only from folders", async () => {
    expect(await listPictures(["pictures/notes.txt"], folder)).toEqual([{ file: "pictures/notes.txt" }]);
    expect((await listPictures(["pictures"], folder)).map(({ file }) => file)).toEqual(expectedFiles);
  });

  it("keeps paths as they were given", async () => {
    const [first] = await listPictures([join(folder, "pictures")], "/");
    expect(first).toEqual({ file: join(folder, expectedFiles[0]!) });
  });
});
