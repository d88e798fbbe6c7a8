import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { AttributeKind, attribute, modelFrom } from "../../tests/support/onnx-model.ts";
import { nonDifferentiableNodes } from "./non-differentiable.ts";
import { decodeModel } from "./onnx/decode.ts";
import { encodeModel } from "./onnx/encode.ts";
import { evaluateReference } from "./reference-evaluation.ts";
import { toReference } from "./reference-tensor.ts";
import { float32, int64Vector, type TensorType } from "./tensor-type.ts";
import { nodesOf } from "./value.ts";
import { reshapeInput, withInputShape } from "./with-input-shape.ts";

const rows: TensorType = { dtype: "float32", shape: ["N", 2, 3] };
const unknown: TensorType = { dtype: "unknown", shape: [] };
const opNames = (bytes: Uint8Array) =>
  nodesOf(Object.values(decodeModel(bytes).graph.outputs)).map(({ op }) => op.name);
const one = { ...int64Vector([0]), shape: [] };

/** Reshape(x, [Shape(x)[0] times, -1]), as PyTorch writes `x.view(x.size(0) * times, -1)`. */
const viewed = (times: bigint) =>
  modelFrom({
    nodes: [
      { opType: "Shape", input: ["x"], output: ["shape"] },
      { opType: "Gather", input: ["shape", "zero"], output: ["batch"] },
      { opType: "Mul", input: ["batch", "times"], output: ["rows"] },
      { opType: "Unsqueeze", input: ["rows", "axis"], output: ["first"] },
      { opType: "Concat", input: ["first", "rest"], output: ["target"], attribute: [axis(0)] },
      { opType: "Reshape", input: ["x", "target"], output: ["y"] },
    ],
    inputs: { x: rows },
    outputs: { y: unknown },
    initializers: {
      zero: one,
      times: { dtype: "int64", shape: [], data: BigInt64Array.of(times) },
      axis: int64Vector([0]),
      rest: int64Vector([-1]),
    },
  });
const axis = (at: number) => attribute("axis", AttributeKind.INT, { i: BigInt(at) });

/** A class token that is repeated to the batch of x, and joined with it. */
const token = modelFrom({
  nodes: [
    { opType: "Shape", input: ["x"], output: ["batch"], attribute: [attribute("end", AttributeKind.INT, { i: 1n })] },
    { opType: "Concat", input: ["batch", "rest"], output: ["target"], attribute: [axis(0)] },
    { opType: "Expand", input: ["token", "target"], output: ["tokens"] },
    { opType: "Concat", input: ["tokens", "x"], output: ["y"], attribute: [axis(1)] },
  ],
  inputs: { x: rows },
  outputs: { y: unknown },
  initializers: { token: float32([1, 1, 3], [7, 8, 9]), rest: int64Vector([1, 3]) },
});

describe("shapes that are computed from a free batch", () => {
  it("become constants of a Reshape, and leave the batch free", () => {
    expect(opNames(viewed(1n))).toEqual(["Reshape"]);
    expect(decodeModel(viewed(1n)).graph.outputs.y!.type.shape).toEqual(["N", 6]);
    expect(decodeModel(viewed(2n)).graph.outputs.y!.type.shape).toEqual(["2*N", 3]);
  });

  it("stay computed where an op needs the batch's number, and end when it is fixed", () => {
    const { graph: source } = decodeModel(token);
    expect(source.outputs.y!.type.shape).toEqual(["N", 3, 3]);
    expect(opNames(token)).toContain("Shape");
    const x = toReference(float32([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    const answers = evaluateReference(source, { x });
    expect([...answers.y!.data.slice(0, 6)]).toEqual([7, 8, 9, 1, 2, 3]);
    const fixed = withInputShape(source, "x", [2, 2, 3]);
    expect(fixed.outputs.y!.type.shape).toEqual([2, 3, 3]);
    expect(nodesOf(Object.values(fixed.outputs)).map(({ op }) => op.name)).toEqual(["Expand", "Concat"]);
    expect(evaluateReference(fixed, { x })).toEqual(answers);
  });
});

describe("a graph with another input shape", () => {
  const mystery = (opsets: Readonly<Record<string, number>>, opType = "Celu", domain = "") =>
    modelFrom({
      nodes: [
        { opType: "Relu", input: ["x"], output: ["r"] },
        { name: "/mystery", opType, domain, input: ["r"], output: ["m"] },
        { opType: "Add", input: ["m", "w"], output: ["y"] },
      ],
      inputs: { x: rows },
      outputs: { y: rows },
      valueInfo: { m: rows },
      initializers: { w: float32([3], [1, 2, 3]) },
      opsets,
    });

  it("keeps imported ops, their types with the batch in place, and gives what values became", () => {
    const { graph: source, values } = decodeModel(mystery({ "": 17 }));
    const { graph: fixed, now } = reshapeInput(source, "x", [4, 2, 3], values.values());
    expect(now(values.get("m")!).type.shape).toEqual([4, 2, 3]);
    expect(now(values.get("y")!)).toBe(fixed.outputs.y);
    expect(now(values.get("w")!)).toBe(values.get("w"));
    expect(opNames(encodeModel(fixed))).toEqual(["Relu", "Celu", "Add"]);
  });

  it("is refused for an input that is not there and for another rank", () => {
    const { graph: source } = decodeModel(token);
    expect(failureOf(() => withInputShape(source, "z", [1])).message).toBe(
      "Expected an input of the graph (x); got 'z' (graph 'imported')",
    );
    const error = failureOf(() => withInputShape(source, "x", [1, 3]));
    expect([error.code, error.message]).toEqual([
      "GRAPH_SHAPE",
      "Expected a shape with 3 axes for input 'x'; got [1,3]",
    ]);
  });

  it("names the nodes that gradients cannot pass, of those on the way only", () => {
    const { graph: source, values } = decodeModel(mystery({ "": 17 }));
    const names = (...targets: readonly string[]) =>
      nonDifferentiableNodes(
        targets.map((name) => values.get(name)!),
        [source.outputs.y!],
      );
    expect(names("x")).toEqual([
      { op: "Celu", domain: "", node: "/mystery", reason: "the imported op Celu (node '/mystery')" },
    ]);
    expect(names("w")).toEqual([]);
  });

  it("keeps what opset 13 means alike of an older model, and refuses the rest by name", () => {
    const { graph: source, opset } = decodeModel(mystery({ "": 12 }));
    expect(opset).toBe(13);
    expect(opNames(encodeModel(source))).toEqual(["Relu", "Celu", "Add"]);
    expect(failureOf(() => decodeModel(mystery({ "": 12 }, "Hardmax"))).message).toBe(
      "Expected nodes that mean in opset 13 what they mean in opset 12; got node '/mystery' (Hardmax)",
    );
    expect(opNames(mystery({ "": 9, "com.example": 1 }, "Hardmax", "com.example"))).toContain("Hardmax");
  });
});

describe("nodes of constants", () => {
  const computed = (dims: readonly number[]) =>
    modelFrom({
      nodes: [
        { opType: "ConstantOfShape", input: ["size"], output: ["zeros"] },
        { opType: "Exp", input: ["zeros"], output: ["ones"] },
        { opType: "Transpose", input: ["w"], output: ["wt"] },
        { opType: "Add", input: ["ones", "wt"], output: ["sum"] },
        { opType: "Add", input: ["x", "sum"], output: ["y"] },
      ],
      inputs: { x: { dtype: "float32", shape: ["N", 3] } },
      outputs: { y: { dtype: "float32", shape: ["N", 3] } },
      initializers: { size: int64Vector(dims), w: float32([3, 1], [1, 2, 3]) },
    });

  it("are computed once, but for those of parameters", () => {
    expect(opNames(computed([1, 3]))).toEqual(["Transpose", "Add", "Add"]);
    const { values } = decodeModel(computed([1, 3]));
    expect(values.get("ones")!.producer).toMatchObject({
      kind: "constant",
      tensor: { data: Float32Array.of(1, 1, 1) },
    });
  });

  it("are kept as they are where they would make much of little", () => {
    expect(opNames(computed([1_000_000_000, 1_000_000]))).toContain("ConstantOfShape");
  });
});
