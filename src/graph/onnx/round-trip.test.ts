import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { messagesOf } from "../../../tests/support/onnx-model.ts";
import { expandComposites } from "../lower.ts";
import {
  batchNormTraining,
  cast,
  conv,
  flatten,
  gather,
  gemm,
  maxPool,
  relu,
  softmax,
  transpose,
} from "../ops/table.ts";
import { evaluateReference } from "../reference-evaluation.ts";
import { toReference } from "../reference-tensor.ts";
import { float32 } from "../tensor-type.ts";
import { constant, type Graph, graph, input, nodesOf, type Value } from "../value.ts";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { readMetadata } from "./metadata.ts";
import { opset } from "./opset.ts";

const ramp = (...shape: number[]) => {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return float32(
    shape,
    Array.from({ length: size }, (_, at) => Math.sin(at)),
  );
};

function classifier(): Graph {
  const pictures = input("pictures", "uint8", ["N", 4, 4, 2]);
  const x = transpose(cast(pictures, "float32"), [0, 3, 1, 2]);
  const features = maxPool(relu(conv(x, constant(ramp(3, 2, 3, 3)), undefined, { pads: [1, 1, 1, 1] })), {
    kernel: [2, 2],
  });
  const logits = gemm(flatten(features), constant(ramp(12, 5)));
  return graph("classifier", [pictures], { logits, probabilities: softmax(logits) });
}

describe("ONNX bytes", () => {
  it("give back the same graph: names, types, answers and metadata", () => {
    const source = classifier();
    const metadata = { labels: '["cat","dog"]', note: "größer" };
    const bytes = encodeModel(source, metadata);
    const decoded = decodeModel(bytes);
    expect(decoded.metadata).toEqual(metadata);
    expect(readMetadata(bytes)).toEqual(metadata);
    expect(decoded.graph.name).toBe("classifier");
    expect(decoded.graph.inputs.map(({ type }) => type)).toEqual(source.inputs.map(({ type }) => type));
    expect(Object.keys(decoded.graph.outputs)).toEqual(["logits", "probabilities"]);
    expect(decoded.graph.outputs.logits?.type).toEqual({ dtype: "float32", shape: ["N", 5] });
    const pictures = toReference({
      dtype: "uint8",
      shape: [2, 4, 4, 2],
      data: Uint8Array.from({ length: 64 }, (_, i) => i * 3),
    });
    expect(evaluateReference(decoded.graph, { pictures })).toEqual(evaluateReference(source, { pictures }));
    expect(encodeModel(decoded.graph, metadata).length).toBe(bytes.length);
  });

  it("are read alike from a Buffer that is a part of a larger memory", () => {
    const bytes = encodeModel(classifier());
    const part = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(decodeModel(part)).toEqual(decodeModel(bytes));
  });

  it("are the same for the same graph", () => {
    expect(encodeModel(classifier())).toEqual(encodeModel(classifier()));
  });

  it("name the operator set, and every node", () => {
    const model = messagesOf(encodeModel(classifier()));
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([["", opset]]);
    expect(new Set(model.graph?.node?.map(({ name }) => name)).size).toBe(model.graph?.node?.length);
  });

  it("keep apart inputs and outputs that carry the names we would invent", () => {
    const a = input("value_0", "float32", [2]);
    const b = input("constant_1", "float32", [2]);
    const middle = relu(gatherFirst(a));
    const source = graph("names", [a, b], { value_2: relu(middle), value_3: a, constant_0: middle, twice: middle });
    const feeds = { value_0: toReference(float32([2], [1, -2])), constant_1: toReference(float32([2], [0, 0])) };
    const decoded = decodeModel(encodeModel(source)).graph;
    expect(evaluateReference(decoded, feeds)).toEqual(evaluateReference(source, feeds));
  });

  it("refuse composite ops until they are lowered", () => {
    const x = input("x", "float32", [4, 2]);
    const vector = constant(float32([2], [1, 2]));
    const source = graph("norm", [x], { y: batchNormTraining(x, vector, vector).y });
    expect(failureOf(() => encodeModel(source)).message).toContain("BatchNormTraining");
    const lowered = expandComposites(source);
    expect(nodesOf(Object.values(lowered.outputs)).every(({ op }) => op.expand === undefined)).toBe(true);
    expect(encodeModel(lowered).length).toBeGreaterThan(0);
  });
});

function gatherFirst(x: Value): Value {
  return gather(x, constant({ dtype: "int64", shape: [1], data: BigInt64Array.of(0n) }));
}
