import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { tinyExecutor as executor, tinyModel } from "../../../tests/support/tiny-bundle.ts";
import { encodeBundle } from "../../bundle/bundle.ts";
import { openPredictor } from "../predictor.ts";
import { explainPictures, mapNames } from "./explain-pictures.ts";

const cwd = temporaryFolder();

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

it("explains the predicted class of each picture, and goes on behind one that cannot be used", async () => {
  const model = tinyModel();
  const bundle = { bytes: encodeBundle(model.graph, { ...model.info, parity: [] }) };
  await writePictureFolder(join(cwd, "set"), { perClass: 1 });
  await writeFile(join(cwd, "set", "torn.jpg"), "torn");
  const explained = await collect(explainPictures(bundle, ["set", "nothing"], { executor, cwd }));
  const predictor = await openPredictor(bundle, { executor });
  const predicted = await collect(predictor.predictFiles(["set", "nothing"], { cwd }));
  expect(explained.map(({ file, error }) => [file, error?.code])).toEqual(
    predicted.map(({ file, error }) => [file, error?.code]),
  );
  const { width, height } = model.info.recipe;
  for (const [at, picture] of explained.entries()) {
    if (picture.error !== undefined) continue;
    const label = predicted[at]!.error === undefined && predicted[at]!.label;
    expect(picture).toMatchObject({ label, predicted: label });
    expect(picture.name).toMatch(/^\w+\.\d\.\w+-\d\.\d{3}$/);
    expect(picture.heatMap.values).toHaveLength(width * height);
    expect(Buffer.from(picture.png.subarray(1, 4)).toString()).toBe("PNG");
  }
  await predictor.close();
});

it("gives classes whose names differ in what no file may hold names of their own", async () => {
  const model = tinyModel();
  const labels = model.info.labels.map((_, at) => (at === 0 ? "a:b" : "a/b"));
  const bundle = { bytes: encodeBundle(model.graph, { ...model.info, labels, parity: [] }) };
  await writePictureFolder(join(cwd, "one"), { labels: ["red"], perClass: 1 });
  const names = await Promise.all(
    [0, 1].map(
      async (classIndex) => (await collect(explainPictures(bundle, ["one"], { executor, cwd, classIndex })))[0],
    ),
  );
  expect(names.map((row) => row !== undefined && row.error === undefined && row.name.split("-0.")[0])).toEqual([
    expect.stringMatching(/\.a_b$/),
    expect.stringMatching(/\.a_b-2$/),
  ]);
});

it.each([
  [
    ["a/cat.jpg", "dog.png"],
    ["cat", "dog"],
  ],
  [
    ["1.jpg", "1.png"],
    ["1.jpg", "1.png"],
  ],
  [
    ["x/1.jpg", "x/1.jpg"],
    ["1-1", "2-1"],
  ],
  [
    ["A/b.jpg", "c/B.jpg"],
    ["A-b.jpg", "c-B.jpg"],
  ],
  [[], []],
  [
    [`${"x".repeat(200)}1.jpg`, `${"x".repeat(200)}2.jpg`, "a:b.jpg"],
    [expect.stringMatching(/^x{100,}~[0-9a-f]{8}$/), expect.stringMatching(/^x{100,}~[0-9a-f]{8}$/), "a_b"],
  ],
])("names for %j", (files, names) => expect(mapNames(files)).toEqual(names));
