/** Graphs as the bytes of an `.onnx` file. */
import { create } from "@bufbuild/protobuf";
import { AppError } from "../../base/errors.ts";
import type { GraphNode } from "../op.ts";
import type { TensorData } from "../tensor-type.ts";
import { type Graph, nodesOf, type Value } from "../value.ts";
import { encodeAttributes } from "./attributes.ts";
import { GraphProtoSchema, ModelProtoSchema, type NodeProto, NodeProtoSchema } from "./generated/onnx_pb.ts";
import type { Metadata } from "./metadata.ts";
import { modelBytes } from "./model-bytes.ts";
import { toVersion, versionsOf } from "./opset.ts";
import { encodeValueInfo } from "./tensors.ts";

const irVersion = 9n;

/**
 * Writes a graph of ONNX ops as the bytes of an `.onnx` file, in version `opset` of ONNX's operator
 * set: unless given that of its imported ops, else 20.
 * Errors: INTERNAL for a composite op (`expandComposites` makes them standard ops); GRAPH_ATTRIBUTE
 * for ops that the version cannot express, or imported ops of different versions.
 */
export function encodeModel(source: Graph, metadata: Metadata = {}, opset?: number): Uint8Array<ArrayBuffer> {
  const nodes = nodesOf(Object.values(source.outputs));
  const versions = versionsOf(nodes, opset);
  const names = createNames(source);
  const protos = encodeNodes(nodes, versions.get("")!, names.of);
  // An output that is an input, a constant, or a value that already carries another output's name
  // gets an Identity.
  for (const [name, value] of Object.entries(source.outputs)) {
    if (names.of(value) === name) continue;
    const identity = { name: `alias_${name}`, opType: "Identity", input: [names.of(value)], output: [name] };
    protos.push(create(NodeProtoSchema, identity));
  }
  const imported = nodes.filter(({ op }) => op.imported).flatMap(({ outputs }) => outputs);
  const graph = create(GraphProtoSchema, {
    name: source.name,
    node: protos,
    input: source.inputs.map((value) => encodeValueInfo(names.of(value), value.type)),
    output: Object.entries(source.outputs).map(([name, value]) => encodeValueInfo(name, value.type)),
    valueInfo: imported
      .filter(({ type }) => type.dtype !== "unknown")
      .map((value) => encodeValueInfo(names.of(value), value.type)),
  });
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: "pawprint",
    opsetImport: [...versions].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  return modelBytes(model, graph, names.constants);
}

interface Names {
  of(value: Value): string;
  /** Every constant that was named. */
  readonly constants: ReadonlyMap<string, TensorData>;
}

/** Names of a graph's values: given to inputs and outputs, made for what lies between. */
function createNames(source: Graph): Names {
  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(source.outputs))
    if (value.producer.kind === "node") names.set(value, name);
  for (const value of source.inputs) if (value.producer.kind === "input") names.set(value, value.producer.name);
  const taken = new Set([...names.values(), ...Object.keys(source.outputs)]);
  const constants = new Map<string, TensorData>();
  const freshName = (kind: string) => {
    let name = `${kind}_${taken.size}`;
    while (taken.has(name)) name = `${name}_`;
    taken.add(name);
    return name;
  };
  return {
    constants,
    of(value) {
      const known = names.get(value);
      if (known !== undefined) return known;
      const name = freshName(value.producer.kind === "constant" ? "constant" : "value");
      names.set(value, name);
      if (value.producer.kind === "constant") constants.set(name, value.producer.tensor);
      return name;
    },
  };
}

function encodeNodes(nodes: readonly GraphNode[], version: number, nameOf: (value: Value) => string): NodeProto[] {
  const counts = new Map<string, number>();
  const importedNames = new Set(nodes.flatMap(({ op }) => (op.imported ? [op.imported.node] : [])));
  const nameOfNode = ({ op }: GraphNode): string => {
    if (op.imported?.node) return op.imported.node;
    const count = counts.get(op.name) ?? 0;
    counts.set(op.name, count + 1);
    const name = `${op.name}_${count}`;
    return importedNames.has(name) ? `${name}_` : name;
  };
  return nodes.map((node) => {
    const { op } = node;
    if (op.expand)
      throw new AppError("INTERNAL", { required: "composite ops lowered before encoding", received: op.name });
    const { inputs, attributes, types } = toVersion(version, node);
    return create(NodeProtoSchema, {
      name: nameOfNode(node),
      opType: op.name,
      domain: op.domain,
      input: inputs.map((value) => (value ? nameOf(value) : "")),
      output: node.outputs.map((value) => (op.imported?.omitted.includes(value.index) ? "" : nameOf(value))),
      attribute: [...encodeAttributes({ ...op.attributeTypes, ...types }, attributes)],
    });
  });
}
