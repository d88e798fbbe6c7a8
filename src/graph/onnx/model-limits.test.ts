import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { AttributeKind, attribute, changed, modelFrom } from "../../../tests/support/onnx-model.ts";
import { decodeModel } from "./decode.ts";
import { AttributeProtoSchema, type NodeProto, NodeProtoSchema, ValueInfoProtoSchema } from "./generated/onnx_pb.ts";
import { readMetadata } from "./metadata.ts";
import { modelLimits } from "./model-limits.ts";

const type = { dtype: "float32", shape: ["N", 2] } as const;
const relu = (input: string, output: string) => ({ opType: "Relu", input: [input], output: [output] });
const small = modelFrom({ nodes: [relu("x", "y")], inputs: { x: type }, outputs: { y: type } });

it("refuses a model of more parts than any classifier has, before it makes anything of them", () => {
  const many = changed(small, ({ graph }) => {
    for (let at = 0; at < modelLimits.nodes; at++) graph!.node.push(create(NodeProtoSchema, relu("x", `v${at}`)));
  });
  const values = changed(small, ({ graph }) => {
    for (let at = 0; at < modelLimits.graphParts; at++) graph!.valueInfo.push(create(ValueInfoProtoSchema));
  });
  const wide = changed(small, ({ graph }) => {
    const ints = Array.from({ length: 7_000_000 }, () => 2n ** 62n);
    graph!.node[0]!.attribute.push(attribute("axes", AttributeKind.INTS, { ints }));
  });
  for (const read of [decodeModel, readMetadata]) {
    expect(() => read(many, "m")).toThrow("Expected at most 20000 nodes; got more (m)");
    expect(() => read(values, "m")).toThrow("Expected at most 100000 nodes, tensors and values; got more (m)");
    expect(() => read(wide, "m")).toThrow(/^Expected a graph without its weights of at most 67.1 MB; got \d/);
  }
});

it("refuses more messages, names and numbers than a classifier has, wherever they stand", () => {
  const within = (change: (node: NodeProto) => void) => changed(small, ({ graph }) => change(graph!.node[0]!));
  const empty = <T>(make: () => T) => Array.from({ length: modelLimits.messages }, make);
  const subgraph = within((node) => {
    const nodes = empty(() => create(NodeProtoSchema));
    node.attribute.push(attribute("body", AttributeKind.GRAPH, { g: { node: nodes } }));
  });
  const attributes = within((node) => {
    node.attribute = empty(() => create(AttributeProtoSchema));
  });
  const names = within((node) => {
    node.input = Array.from({ length: modelLimits.scalars }, () => "");
  });
  const packed = within((node) => {
    const ints = Array.from({ length: modelLimits.scalars }, () => 1n);
    node.attribute.push(attribute("axes", AttributeKind.INTS, { ints }));
  });
  for (const bytes of [subgraph, attributes])
    expect(() => readMetadata(bytes, "m")).toThrow(
      "Expected a model of at most 500000 protobuf messages; got more (m)",
    );
  for (const bytes of [names, packed])
    expect(() => readMetadata(bytes, "m")).toThrow(
      "Expected at most 8000000 names and whole numbers outside of raw data; got more (m)",
    );
});

it("refuses messages that stand in one another without end", () => {
  const deep = changed(small, ({ graph }) => {
    let node = graph!.node[0]!;
    for (let depth = 0; depth < 200; depth++) {
      const next = create(NodeProtoSchema, relu("x", "y"));
      node.attribute.push(attribute("body", AttributeKind.GRAPH, { g: { node: [next] } }));
      node = node.attribute.at(-1)!.g!.node[0]!;
    }
  });
  expect(() => decodeModel(deep, "m")).toThrow("Expected an ONNX file, a protobuf ModelProto");
});

it("takes sizes that are none for unknown ones, and no tensor of such a shape", () => {
  const { graph } = decodeModel(
    modelFrom({ nodes: [relu("x", "y")], inputs: { x: { dtype: "float32", shape: [-1, 2] } }, outputs: { y: type } }),
  );
  expect(graph.inputs[0]!.type.shape).toEqual(["x.0", 2]);
  const w = { dtype: "float32", shape: [-1, -2], data: new Float32Array(2) } as const;
  const negative = modelFrom({
    nodes: [relu("x", "y")],
    inputs: { x: type },
    outputs: { y: type },
    initializers: { w },
  });
  expect(() => decodeModel(negative, "m")).toThrow("Expected a shape of initializer 'w'; got [-1,-2] (m)");
});
