import { expect, it } from "vitest";
import { AttributeKind, attribute, modelFrom } from "../../../tests/support/onnx-model.ts";
import { tinyBackbone } from "../../../tests/support/tiny-backbone.ts";
import { decodeModel } from "../../graph/onnx/decode.ts";
import { nodesOf, type Value } from "../../graph/value.ts";
import { blocksBetween } from "./blocks.ts";
import {
  countMultiplyAdds,
  countParameters,
  summarizeBlocks,
  summarizeLayers,
  summarizeOperations,
} from "./network-summary.ts";

function open(bytes: Uint8Array, features: string) {
  const { graph, values } = decodeModel(bytes);
  const names = new Map([...values].map(([name, value]) => [value, name]));
  const nameOf = (value: Value) => names.get(value);
  const nodes = nodesOf(Object.values(graph.outputs));
  return { nodes, nameOf, blocks: blocksBetween(graph.inputs[0]!, values.get(features)!) };
}

it("counts layers, parameters and multiply-adds, and numbers blocks from the end", () => {
  const { nodes, nameOf, blocks } = open(tinyBackbone(), "/pool/Flatten_output_0");
  const conv = (name: string, rest: string, block: number, channels: number) => ({
    kind: `Conv 3x3${rest}`,
    name: `/${name}/Conv_output_0`,
    output: ["N", 8, 16, 16],
    parameters: 8 * channels * 9 + 8,
    multiplyAdds: 16 * 16 * 8 * channels * 9,
    block,
  });
  expect(summarizeLayers(nodes, blocks, nameOf)).toEqual([
    conv("stem", "", 3, 3),
    conv("block1", ", Relu, Add", 2, 8),
    conv("block2", ", Relu, Add", 1, 8),
    {
      kind: "GlobalAveragePool, Flatten",
      name: "/pool/Pool_output_0",
      output: ["N", 8, 1, 1],
      parameters: 0,
      multiplyAdds: 0,
      block: 1,
    },
    { kind: "Gemm", name: "output", output: ["N", 10], parameters: 90, multiplyAdds: 80 },
  ]);
  expect(summarizeBlocks(blocks, nameOf)).toMatchObject([
    { fromEnd: 3, layers: 1, parameters: 224, name: "/stem/Conv_output_0" },
    { fromEnd: 2, layers: 1, parameters: 584, name: "/block1/Add_output_0" },
    { fromEnd: 1, layers: 2, parameters: 584, name: "/pool/Flatten_output_0" },
  ]);
  expect(countParameters(nodes)).toBe(224 + 584 + 584 + 90);
  expect(countMultiplyAdds(nodes)).toBe(256 * 8 * 27 + 2 * 256 * 8 * 72 + 80);
});

it("names the nodes that have no gradient", () => {
  const type = { dtype: "float32", shape: ["N", 3, 8, 8] } as const;
  const bytes = modelFrom({
    nodes: [
      { opType: "Relu", input: ["x"], output: ["a"] },
      { opType: "Swirl", domain: "com.example", name: "/swirl", input: ["a"], output: ["b"] },
      { opType: "Swirl", domain: "com.example", input: ["b"], output: ["y"] },
    ],
    inputs: { x: type },
    outputs: { y: type },
    valueInfo: { b: type },
    opsets: { "": 17, "com.example": 1 },
  });
  const { nodes, nameOf } = open(bytes, "a");
  expect(summarizeOperations(nodes, nameOf)).toEqual([
    { name: "com.example.Swirl", count: 2, withoutGradient: ["/swirl", "y"] },
    { name: "Relu", count: 1, withoutGradient: [] },
  ]);
});

it("says nothing of multiply-adds where a size is open", () => {
  const bytes = modelFrom({
    nodes: [
      {
        opType: "Conv",
        input: ["x", "w"],
        output: ["y"],
        attribute: [attribute("kernel_shape", AttributeKind.INTS, { ints: [1n, 1n] })],
      },
    ],
    inputs: { x: { dtype: "float32", shape: ["N", 3, "H", "W"] } },
    outputs: { y: { dtype: "float32", shape: ["N", 4, "H", "W"] } },
    initializers: { w: { dtype: "float32", shape: [4, 3, 1, 1], data: new Float32Array(12) } },
  });
  const { nodes } = open(bytes, "y");
  expect(countMultiplyAdds(nodes)).toBeUndefined();
  expect(countParameters(nodes)).toBe(12);
});
