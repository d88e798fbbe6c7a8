import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { AttributeKind, attribute, changed, modelFrom } from "../../../tests/support/onnx-model.ts";
import { relu } from "../ops/table.ts";
import { float32 } from "../tensor-type.ts";
import { graph, input } from "../value.ts";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { FunctionProtoSchema, type ModelProto } from "./generated/onnx_pb.ts";

const x2 = input("x", "float32", [2]);

/** A model with one node `y = Relu(x)`, changed. */
function modelWith(change: (model: ModelProto) => void): Uint8Array {
  return changed(encodeModel(graph("one", [x2], { y: relu(x2) })), change);
}

it("gives every value by its name in the file", () => {
  const type = { dtype: "float32", shape: ["N", 2] } as const;
  const { graph: decoded, values } = decodeModel(
    modelFrom({
      nodes: [
        { opType: "Mul", input: ["x", "w"], output: ["/block/Mul_output_0"] },
        { opType: "Identity", input: ["/block/Mul_output_0"], output: ["features"] },
        { opType: "Relu", input: ["features"], output: ["y"] },
      ],
      inputs: { x: type },
      outputs: { y: type },
      initializers: { w: float32([2], [1, 2]) },
    }),
  );
  expect([...values.keys()].toSorted()).toEqual(["/block/Mul_output_0", "features", "w", "x", "y"]);
  expect([values.get("x"), values.get("y")]).toEqual([decoded.inputs[0], decoded.outputs.y]);
  expect(values.get("features")).toBe(values.get("/block/Mul_output_0"));
  const features = graph("features", decoded.inputs, { features: values.get("features")! });
  expect(features.outputs.features!.type).toEqual(type);
});

describe("reading a model refuses", () => {
  const cases: readonly [title: string, bytes: () => Uint8Array, message: RegExp][] = [
    [
      "other bytes",
      () => new TextEncoder().encode("<!doctype html><p>not found"),
      /protobuf ModelProto.*got 27 other bytes/,
    ],
    ["nothing", () => new Uint8Array(0), /an ONNX model with a graph; got none/],
    [
      "half a file",
      () => encodeModel(graph("one", [x2], { y: relu(x2) })).subarray(0, 70),
      /protobuf|graph|produced|elements/,
    ],
    [
      "a composite op",
      () => modelWith((m) => Object.assign(m.graph!.node![0]!, { opType: "ReluGradient", input: ["x", "x"] })),
      /op ReluGradient/,
    ],
    [
      "an old operator set",
      () => modelWith((m) => Object.assign(m.opsetImport[0]!, { version: 8n })),
      /an opset from 9 to 26; got opset 8/,
    ],
    [
      "an operator set newer than the engine",
      () => modelWith((m) => Object.assign(m.opsetImport[0]!, { version: 27n })),
      /an opset from 9 to 26; got opset 27/,
    ],
    [
      "a domain without a version",
      () => modelWith((m) => Object.assign(m.graph!.node![0]!, { domain: "com.example" })),
      /a version of each domain's operator set; got none of 'com\.example'/,
    ],
    [
      "a subgraph",
      () =>
        modelWith((m) => m.graph!.node[0]!.attribute.push(attribute("then_branch", AttributeKind.GRAPH, { g: {} }))),
      /got then_branch of Relu, of type GRAPH/,
    ],
    [
      "local functions",
      () => modelWith((m) => m.functions.push(create(FunctionProtoSchema, { name: "f" }))),
      /without local functions; got 1 of them/,
    ],
    [
      "numbers in another file",
      () =>
        changed(modelFrom({ nodes: [], inputs: {}, outputs: {}, initializers: { w: float32([1], [1]) } }), (m) =>
          Object.assign(m.graph!.initializer[0]!, { dataLocation: 1 }),
        ),
      /numbers are in the file; got 'w' elsewhere/,
    ],
    [
      "an input from nowhere",
      () => modelWith((m) => Object.assign(m.graph!.node![0]!, { input: ["z"] })),
      /inputs come before them; got 'z' of Relu/,
    ],
    [
      "an output from nowhere",
      () => modelWith((m) => Object.assign(m.graph!.output![0]!, { name: "z" })),
      /produced by nodes; got 'z'/,
    ],
    [
      "a node that breaks its shape rule",
      () => modelWith((m) => Object.assign(m.graph!.node![0]!, { opType: "MaxPool" })),
      /node 'Relu_0': Expected x with 4 axes for MaxPool; got float32 \[2\]/,
    ],
    [
      "an element type that we do not have",
      () =>
        modelWith((m) => {
          const { value } = m.graph!.input[0]!.type!;
          if (value.case === "tensorType") value.value.elemType = 10;
        }),
      /known element type; got 'x'/,
    ],
  ];

  it.each(cases)("%s", (_, bytes, message) => {
    const error = failureOf(() => decodeModel(bytes(), "cats.onnx"));
    expect(error.code).toBe("MODEL_UNREADABLE");
    expect(error.message).toMatch(message);
    expect(error.where).toBe("cats.onnx");
  });
});
