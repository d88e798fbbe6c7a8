import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Recipe } from "../image/recipe.ts";
import { summarize } from "./dataset-summary.ts";
import { buildPack } from "./pack/build-pack.ts";
import { openSource } from "./sources/open-source.ts";

/**
 * Real data is never part of the repository: PAWPRINT_TEST_DATA names its folder, or it lies in
 * ../shared/data.
 */
const data = process.env.PAWPRINT_TEST_DATA ?? resolve("..", "shared", "data");
const mnist = join(data, "mnist");
const photographs = join(data, "cats-dogs-fullres.zip");
const reason = (path: string): string => (existsSync(path) ? "" : ` (skipped: ${path} is not there)`);

describe.skipIf(!existsSync(mnist))(`MNIST${reason(mnist)}`, () => {
  it("has its 60,000 and 10,000 digits, val cut from the former", async () => {
    const recipe: Recipe = { width: 28, height: 28, channels: 1, fit: "stretch", kernel: "cubic" };
    const pack = await buildPack(await openSource(mnist), recipe, { strict: true });
    const { classes } = summarize(pack);
    const sum = (split: "train" | "val" | "test"): number => classes.reduce((total, row) => total + row[split], 0);
    expect(pack.labels).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(sum("test")).toBe(10_000);
    expect(sum("train") + sum("val")).toBe(60_000);
    // The sevens of the test set, and the first digit of the training set, as published.
    expect(classes[7]!.test).toBe(1028);
    expect(pack.labels[pack.targets[0]!]).toBe("5");
  });
});

describe.skipIf(!existsSync(photographs))(`cats and dogs in full resolution${reason(photographs)}`, () => {
  it("are read from their zip with the splits that it gives", async () => {
    const source = await openSource(photographs);
    let test = 0;
    let train = 0;
    for await (const sample of source.samples()) {
      if (sample.split === "test") test++;
      if (sample.split === "train") train++;
    }
    await source.close();
    expect({ train, test }).toEqual({ train: 1000, test: 250 });
  });
});
