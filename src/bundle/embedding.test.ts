import { describe, expect, it } from "vitest";
import { classifierOf } from "../../tests/support/classifier-graph.ts";
import { tinyExecutor, tinyModel, tinyReference } from "../../tests/support/tiny-bundle.ts";
import { createRandom } from "../base/random.ts";
import { decodeModel } from "../graph/onnx/decode.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { relu } from "../graph/ops/elementwise/elementwise.ts";
import { gemm } from "../graph/ops/linear.ts";
import { constant, type Graph, graph, nodesOf, type Value } from "../graph/value.ts";
import { createReferenceExecutor } from "../runtime/reference.ts";
import { createWorkerExecutor } from "../runtime/worker-executor.ts";
import { encodeBundle } from "./bundle.ts";
import { embeddingOf, embeddingOutput, maximumEmbedding, withEmbedding } from "./embedding.ts";
import { loadBundle } from "./load-bundle.ts";

const networks: readonly [string, Record<string, unknown>, number][] = [
  ["cnn", { widths: [4, 8], dropout: 0.3 }, 8],
  ["resnet", { widths: [8, 48], blocks: 1 }, 48],
  ["mobilenet", { stemWidth: 8, headWidth: 40, stages: [{ expansion: 2, width: 8, repeat: 2, stride: 2 }] }, 40],
];

/** `count` seeded pictures of 16 x 16. */
function picturesOf(count: number) {
  const random = createRandom("pictures");
  const data = Uint8Array.from({ length: count * 16 * 16 * 3 }, () => random.integer(256));
  return { pictures: { dtype: "uint8", shape: [count, 16, 16, 3], data } } as const;
}

describe.each(networks)("the embedding of %s", (name, options, width) => {
  it.each([1, 1.7])("is what its last layer takes, of a temperature of %d and after a round trip", (temperature) => {
    const classifier = classifierOf(name, options, temperature);
    const size = Math.min(width, maximumEmbedding);
    expect(embeddingOf(classifier)).toMatchObject({ width, size });
    const decoded = decodeModel(encodeModel(classifier)).graph;
    expect(embeddingOf(decoded)).toMatchObject({ width, size });
    expect(withEmbedding(decoded).outputs[embeddingOutput]!.type).toEqual({ dtype: "float32", shape: ["N", size] });
    expect(Object.keys(withEmbedding(decoded).outputs)).toEqual(["logits", "probabilities", embeddingOutput]);
  });

  it("comes with the same answers, from ONNX Runtime as from the reference", async () => {
    const classifier = classifierOf(name, options, 1.7);
    const feeds = picturesOf(2);
    const plain = await (await tinyExecutor.load(classifier)).run(feeds);
    const fast = await (await tinyExecutor.load(withEmbedding(classifier))).run(feeds);
    const exact = await (await createReferenceExecutor().load(withEmbedding(classifier))).run(feeds);
    for (const output of ["logits", "probabilities"]) expect(fast[output]).toEqual(plain[output]);
    const [given, expected] = [fast[embeddingOutput]!, exact[embeddingOutput]!];
    expect(given.shape).toEqual([2, Math.min(width, maximumEmbedding)]);
    const scale = Math.max(...Array.from(expected.data as Float32Array, Math.abs));
    given.data.forEach((value, at) => {
      expect(Math.abs(Number(value) - Number(expected.data[at]))).toBeLessThan(1e-5 * scale);
    });
    expect(scale).toBeGreaterThan(0);
  });
});

it("is projected by the same matrix for every network of a width, and keeps distances", async () => {
  const [first, second] = [1, 2].map((temperature) =>
    withEmbedding(classifierOf("resnet", networks[1]![1], temperature)),
  );
  const matrixOf = ({ outputs }: Graph): Float32Array => {
    const { producer } = outputs[embeddingOutput]!;
    const matrix = producer.kind === "node" ? producer.inputs[1]?.producer : undefined;
    if (matrix?.kind !== "constant") throw new Error("no constant matrix");
    return matrix.tensor.data as Float32Array;
  };
  expect(matrixOf(first!)).toEqual(matrixOf(second!));
  // Pinned: with another matrix, embeddings in logs and references could not be compared any more.
  expect(Array.from(matrixOf(first!).subarray(0, 8), Math.sign)).toMatchInlineSnapshot(`
    [
      1,
      1,
      -1,
      1,
      -1,
      1,
      1,
      1,
    ]
  `);

  const matrix = matrixOf(first!);
  const random = createRandom("distances");
  const ratios = Array.from({ length: 200 }, () => {
    const difference = Float64Array.from({ length: 48 }, () => random.normal());
    const projected = Float64Array.from({ length: 32 }, (_, to) =>
      difference.reduce((sum, value, from) => sum + value * matrix[from * 32 + to]!, 0),
    );
    return Math.hypot(...projected) / Math.hypot(...difference);
  });
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeCloseTo(1, 1);
  expect(ratios.filter((ratio) => Math.abs(ratio - 1) < 0.25).length).toBeGreaterThan(180);
});

it("is none where the logits come from no linear layer", () => {
  const classifier = classifierOf("cnn", { widths: [4] });
  const { logits } = classifier.outputs;
  const weights = constant({ dtype: "float32", shape: [3, 3], data: new Float32Array(9) });
  const of = (value: Value): Graph => graph("other", classifier.inputs, { logits: value });
  const curved = of(relu(logits!));
  expect(embeddingOf(curved)).toBeUndefined();
  expect(withEmbedding(curved)).toBe(curved);
  // A product of two things that were seen is no layer, nor is a layer of weights alone.
  expect(embeddingOf(of(gemm(logits!, gemm(logits!, logits!, undefined, { transA: true }))))).toBeUndefined();
  expect(embeddingOf(of(gemm(weights, weights)))).toBeUndefined();
  expect(embeddingOf(of(gemm(logits!, weights)))).toMatchObject({ activations: logits, width: 3, size: 3 });
});

it("is answered by a bundle that was opened with it, and by no other", async () => {
  const model = tinyModel();
  const bytes = encodeBundle(model.graph, { ...model.info, parity: [] });
  expect(Object.keys(decodeModel(bytes).graph.outputs)).toEqual(["logits", "probabilities"]);
  const { pixels } = await tinyReference(model);
  for (const executor of [tinyExecutor, createWorkerExecutor({ threads: 1 })]) {
    const plain = await loadBundle({ bytes }, executor);
    expect(Object.keys(await plain.answer(pixels))).toEqual(["logits", "probabilities"]);
    const whole = await loadBundle({ bytes }, executor, { embedding: true });
    const { embedding, ...answers } = await whole.answer(pixels);
    expect(answers).toEqual(await plain.answer(pixels));
    expect(embedding).toHaveLength(3 * 4);
    expect(new Set(embedding).size).toBeGreaterThan(6);
    await plain.close();
    await whole.close();
  }
});

it("costs a graph two values at most", () => {
  const classifier = classifierOf("resnet", networks[1]![1]);
  const count = ({ outputs }: Graph): number => nodesOf(Object.values(outputs)).length;
  expect(count(withEmbedding(classifier))).toBe(count(classifier) + 1);
});
