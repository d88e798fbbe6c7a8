import { describe, expect, it } from "vitest";
import { AttributeKind, attribute, modelFrom } from "../../tests/support/onnx-model.ts";
import { gradients } from "../graph/autodiff.ts";
import { decodeModel } from "../graph/onnx/decode.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { gemm, reshape } from "../graph/ops/table.ts";
import { float32, type TensorType } from "../graph/tensor-type.ts";
import { constant, type Graph, graph, input } from "../graph/value.ts";
import { createCpuExecutor } from "./cpu-executor.ts";
import { createReferenceExecutor } from "./reference.ts";
import { createWorkerExecutor } from "./worker-executor.ts";

const picture: TensorType = { dtype: "float32", shape: ["N", 2, 2, 2] };
const rows: TensorType = { dtype: "float32", shape: [3, 2] };
const int = (name: string, value: number) => attribute(name, AttributeKind.INT, { i: BigInt(value) });

/** A small backbone in opset 17: ops of our table, ops that it lacks, and one of another domain. */
function backbone(valueInfo: Readonly<Record<string, TensorType>> = {}): Uint8Array {
  const alpha = attribute("alpha", AttributeKind.FLOAT, { f: 1.5 });
  return modelFrom({
    nodes: [
      { name: "gelu", opType: "QuickGelu", domain: "com.microsoft", input: ["x"], output: ["a"], attribute: [alpha] },
      { name: "shape", opType: "Shape", input: ["a"], output: ["s"] },
      { name: "batch", opType: "Gather", input: ["s", "zero"], output: ["n"], attribute: [int("axis", 0)] },
      { name: "join", opType: "Concat", input: ["n", "rest"], output: ["to"], attribute: [int("axis", 0)] },
      { name: "rows", opType: "Reshape", input: ["a", "to"], output: ["r"] },
      { name: "softsign", opType: "Softsign", input: ["r"], output: ["m"] },
      {
        name: "mean",
        opType: "ReduceMean",
        input: ["m"],
        output: ["features"],
        attribute: [int("keepdims", 0), attribute("axes", AttributeKind.INTS, { ints: [2n] })],
      },
    ],
    inputs: { x: picture },
    outputs: { features: rows },
    valueInfo,
    initializers: {
      zero: { dtype: "int64", shape: [1], data: BigInt64Array.of(0n) },
      rest: { dtype: "int64", shape: [2], data: BigInt64Array.of(2n, 4n) },
    },
    opsets: { "": 17, "com.microsoft": 1 },
  });
}

const feeds = {
  x: float32(
    [3, 2, 2, 2],
    Array.from({ length: 24 }, (_, at) => Math.sin(at)),
  ),
};

/** What the backbone computes, in plain TypeScript. */
function expectedFeatures(): readonly number[] {
  const soft = Array.from(feeds.x.data, Number).map((x) => {
    const gelu = x / (1 + Math.exp(-1.5 * x));
    return gelu / (1 + Math.abs(gelu));
  });
  return Array.from({ length: 6 }, (_, at) => soft.slice(4 * at, 4 * at + 4).reduce((sum, y) => sum + y, 0) / 4);
}

async function featuresFrom(source: Graph): Promise<readonly number[]> {
  const program = await (await createCpuExecutor({ threads: 1 })).load(source);
  const { features } = await program.run(feeds);
  await program.close();
  expect(features!.shape).toEqual([3, 2]);
  return Array.from(features!.data, Number);
}

describe("an imported model with ops that the table lacks", () => {
  it.each([
    ["no types declared", {}],
    ["the types of its values declared", { a: picture, m: { dtype: "float32", shape: ["N", 2, 4] } as const }],
  ])("is run by ONNX Runtime, again after a round trip: %s", async (_, valueInfo) => {
    const { graph: source, opset } = decodeModel(backbone(valueInfo));
    for (const model of [source, decodeModel(encodeModel(source, {}, opset)).graph]) {
      const found = await featuresFrom(model);
      for (const [at, value] of expectedFeatures().entries()) expect(found[at]).toBeCloseTo(value, 6);
    }
  });

  it("is run in a thread too", async () => {
    const program = await createWorkerExecutor({ threads: 1 }).load(decodeModel(backbone()).graph);
    expect((await program.run(feeds)).features!.shape).toEqual([3, 2]);
    await program.close();
  });

  it("is refused by the reference executor, which names the op", async () => {
    const program = await createReferenceExecutor().load(decodeModel(backbone()).graph);
    await expect(program.run(feeds)).rejects.toThrow("the imported op com.microsoft.QuickGelu (node 'gelu')");
  });

  it("may stand, fixed, before layers that are trained", async () => {
    const decoded = decodeModel(backbone()).graph;
    const [x] = decoded.inputs;
    const weights = input("weights", "float32", [2, 1]);
    const ones = constant(float32([3, 1], [1, 1, 1]));
    // The sum of the answers: each weight's gradient is the sum of its feature.
    const loss = reshape(gemm(ones, gemm(decoded.outputs.features!, weights), undefined, { transA: true }), []);
    const [gradient] = gradients(loss, [weights]);
    const step = graph("step", [x!, weights], { gradient: gradient! });
    const program = await (await createCpuExecutor({ threads: 1 })).load(step);
    const found = await program.run({ ...feeds, weights: float32([2, 1], [1, 1]) });
    const columns = [0, 1].map((column) =>
      expectedFeatures().reduce((sum, value, at) => sum + (at % 2 === column ? value : 0), 0),
    );
    for (const [at, value] of columns.entries()) expect(Number(found.gradient!.data[at])).toBeCloseTo(value, 5);
    await program.close();
  });
});
