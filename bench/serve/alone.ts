/**
 * What an answer costs without a service around it: decoding and inference in a loop of their own.
 * Answers each JSON line with one.
 */

import { createInterface } from "node:readline";
import { applyRecipe } from "../../src/image/recipe.ts";
import { readNumericPicture } from "../../src/server/input/numeric-json.ts";
import { pixelsFromNumbers } from "../../src/server/input/pixels-from-numbers.ts";
import { loadBundle } from "../../src/wire/library.ts";
import { median } from "../report.ts";

export interface AloneTask {
  readonly bundle: string;
  /** base64: a picture file, or the JSON of a request. */
  readonly body: string;
  readonly isFile: boolean;
  readonly seconds: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line) as AloneTask))}\n`); // main.ts wrote it
}

async function measure({ bundle: path, body, isFile, seconds }: AloneTask) {
  const bundle = await loadBundle({ path });
  const bytes = Buffer.from(body, "base64");
  const decode = async (): Promise<Uint8Array> =>
    isFile ? applyRecipe(bytes, bundle.info.recipe) : pixelsFromNumbers(readNumericPicture(bytes)!.values, "image");
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await bundle.answer(await decode());
    times.push(performance.now() - start);
  }
  await bundle.close();
  return { p50: median(times) };
}
