import { expect, it } from "vitest";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { createRandom } from "../../base/random.ts";
import { readPixels } from "../../dataset/pack/pack.ts";
import { memoryStore } from "../../dataset/pack/pixel-store.ts";
import { evaluateAnswers } from "../../metrics/classification-metrics.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { buildInferenceGraph, layoutOf } from "../../nn/inference-graph.ts";
import { initialParameters, initialStatistics } from "../../nn/parameter-layout.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createModel } from "../create-model.ts";
import { Evaluator } from "./evaluator.ts";

const executor = createOnnxRuntimeExecutor({ threads: 1 });
const pack = patternPack({ train: 6, val: 7, channels: 3 });
const model = await createModel(createNetwork("cnn", { widths: [4] }), pack);
const layout = layoutOf(model);
const weights = {
  parameters: initialParameters(layout, createRandom(2)),
  statistics: initialStatistics(layout),
};

it("predicts every picture once, in order, for any batch size", async () => {
  const program = await executor.load(buildInferenceGraph(model, weights));
  const data = await readPixels(
    pack,
    Uint32Array.from({ length: 7 }, (_, at) => 6 + at),
  );
  const { logits: expected } = await program.run({ pictures: { dtype: "uint8", shape: [7, 8, 8, 3], data } });
  for (const batchSize of [1, 3, 7, 16]) {
    const evaluator = await Evaluator.start(executor, model, batchSize);
    const { logits, targets } = await evaluator.predict(weights, pack, "val");
    await evaluator.close();
    expect(Array.from(targets)).toEqual([...pack.targets.slice(6)]);
    expect(logits.length).toBe(21);
    for (const [index, value] of logits.entries()) expect(value).toBeCloseTo(Number(expected!.data[index]), 5);
  }
});

it("knows nothing about accuracy on a split without pictures", async () => {
  const evaluator = await Evaluator.start(executor, model, 4);
  const { count, accuracyInterval } = evaluateAnswers(await evaluator.predict(weights, pack, "test"), model.labels);
  expect([count, accuracyInterval]).toEqual([0, { low: 0, high: 1 }]);
  await expect(evaluator.predict(weights, pack, "val", { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  await evaluator.close();
});

it("estimates a split's time from one batch of it", async () => {
  const evaluator = await Evaluator.start(executor, model, 3);
  let now = 0;
  const nowMs = () => {
    now += 10;
    return now;
  };
  expect(await evaluator.estimateMs(weights, pack, "val", nowMs)).toBe(30); // 7 pictures: 3 batches
  await evaluator.close();
});

it("measures the normalisation on training pictures only", async () => {
  const all = await readPixels(pack, Uint32Array.from(pack.targets.keys()));
  const bytes = all.map((byte, at) => (at >= 6 * 8 * 8 * 3 ? 255 : byte));
  const brighter = { ...pack, pixels: memoryStore(bytes, pack.pixels.rowBytes) };
  expect((await createModel(model.network, brighter)).normalization).toEqual(model.normalization);
});
