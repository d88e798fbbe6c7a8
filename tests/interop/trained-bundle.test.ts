/**
 * What was trained is what is served: a thousand pictures through the training's own graph, through
 * `predict`, and through Python's onnxruntime.
 */

import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { indicesOf, type Pack, readPixels } from "../../src/dataset/pack/pack.ts";
import { writeSampleSet } from "../../src/image/sample-pictures.ts";
import { probabilitiesOf } from "../../src/metrics/classification-metrics.ts";
import { createCpuExecutor } from "../../src/runtime/cpu-executor.ts";
import { checkpointFolderOf, newestCheckpoint } from "../../src/train/checkpoint/checkpoint-folder.ts";
import { Evaluator } from "../../src/train/fit/evaluator.ts";
import { openPredictor, train } from "../../src/wire/library.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const script = `
import json, sys
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
shape = json.loads(sys.argv[3])
pictures = numpy.fromfile(sys.argv[2], dtype=numpy.uint8).reshape(shape)
json.dump(session.run(["probabilities"], {"pictures": pictures})[0].flatten().tolist(), sys.stdout)
`;

const notes: string[] = [];
const python = await findPeerPython(["onnx", "onnxruntime", "numpy"], (text) => notes.push(text));
if (!python) process.stderr.write(`skipped in part: ${notes.join("; ")}\n`);

const folder = temporaryFolder("trained");
let pack: Pack;
/** Places in the pack: the training split, then validation, then test. */
const order: number[] = [];
/** Of the training's own graph and best weights, at the bundle's temperature, in that order. */
const trained: number[][] = [];
const bundle = () => join(folder, "trained.onnx");
const data = () => join(folder, "pictures");

beforeAll(async () => {
  await writeSampleSet(data(), { perClass: 500, sizePx: 48, seed: 1 });
  const executor = await createCpuExecutor({ threads: 2 });
  const settings = { size: 32, widths: [16, 32], epochs: 2 } as const;
  const report = await train({ data: data(), out: bundle(), settings, executor });
  pack = report.pack;
  const { model, snapshot } = await newestCheckpoint(checkpointFolderOf(bundle()), silentLogger);
  const { temperature } = report.bundle.info.evaluation.calibration as { readonly temperature: number };
  const evaluator = await Evaluator.start(executor, model, 64);
  for (const split of ["train", "val", "test"] as const) {
    const { logits } = await evaluator.predict(snapshot.best!, pack, split);
    for (const [row, index] of indicesOf(pack, split).entries()) {
      order.push(index);
      trained.push(probabilitiesOf(logits.slice(row * 2, row * 2 + 2).map((logit) => logit / temperature)));
    }
  }
  await evaluator.close();
}, 120_000);
afterAll(() => pack.pixels.close());

/** The largest distance between two lists of probabilities. */
function largestGap(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - b[at]!)), 0);
}

describe("a trained bundle", () => {
  it("answers a thousand picture files as its training's graph answered their pixels", async () => {
    expect(trained).toHaveLength(1000);
    const predictor = await openPredictor({ path: bundle() });
    const files = order.map((index) => join(data(), pack.ids[index]!));
    const predicted: number[] = [];
    for await (const row of predictor.predictFiles(files)) {
      if (row.error) throw row.error;
      predicted.push(...pack.labels.map((label) => row.probabilities[label]!));
    }
    await predictor.close();
    expect(largestGap(predicted, trained.flat())).toBeLessThan(1e-4);
  });

  it.skipIf(!python)("answers the same in Python", async () => {
    const pixels = await readPixels(pack, Uint32Array.from(order));
    await writeFile(join(folder, "pixels.bin"), pixels);
    const { height, width, channels } = pack.recipe;
    const shape = JSON.stringify([order.length, height, width, channels]);
    const args = ["-c", script, bundle(), join(folder, "pixels.bin"), shape];
    const theirs = JSON.parse(execFileSync(python!, args, { encoding: "utf8", maxBuffer: 2 ** 26 })) as number[];
    expect(largestGap(theirs, trained.flat())).toBeLessThan(1e-4);
  });
});
