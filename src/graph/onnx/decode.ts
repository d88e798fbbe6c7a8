/** The bytes of an `.onnx` file as graphs. */

import { mostFoldedElements } from "../fold.ts";
import type { TensorType } from "../tensor-type.ts";
import { constant, type Graph, graph, input, type Value } from "../value.ts";
import { type DecodeContext, decodeNode } from "./decode-node.ts";
import type { GraphProto, ModelProto } from "./generated/onnx_pb.ts";
import { type Metadata, metadataOf, type ParsedModel, parseModel } from "./metadata.ts";
import { readableOpsets, supportedOpsets } from "./opset.ts";
import { decodeTensor, decodeValueInfo } from "./tensors.ts";
import { unreadable, type Where } from "./unreadable.ts";

/** A decoded model: its graph and metadata. */
export interface OnnxModel {
  readonly graph: Graph;
  /**
   * Every value that has a name in the file: inputs, initializers and outputs of nodes. Two names
   * may stand for one value, as those around an Identity do.
   */
  readonly values: ReadonlyMap<string, Value>;
  readonly metadata: Metadata;
  /**
   * The version of ONNX's operator set in which the graph can be written again: the file's own, but at least 13.
   */
  readonly opset: number;
}

/**
 * Reads an `.onnx` file. Older and other forms of nodes become those of the op table; what is computed
 * from constants and sizes alone becomes constants, but not what is computed from float initializers: those may be
 * trained. Nodes that the op table does not hold, or not in the form that the model
 * uses, become imported ops (`importedOp`), with the types that the model declares for their
 * outputs; so does what takes a value of unknown type.
 * Errors: MODEL_UNREADABLE for bytes that are no ONNX model, for opsets outside 9 to 26, for nodes of opsets before 13
 * that the table does not hold and that mean something else in 13, and for
 * subgraphs, local functions, external data, and inputs or tensors of types that we do not have.
 */
export function decodeModel(bytes: Uint8Array, where?: string): OnnxModel {
  return decodeMessages(parseModel(bytes, where), where);
}

/** The same for a model whose messages are at hand. */
export function decodeMessages(model: ParsedModel, where?: string): OnnxModel {
  const versions = versionsOf(model, where);
  if (model.functions.length > 0)
    throw unreadable("a model without local functions", `${model.functions.length} of them`, where);
  const context: DecodeContext = {
    where,
    versions,
    declared: declaredTypes(model.graph),
    parameters: new Set(),
    room: mostFoldedElements,
  };
  return {
    ...decodeGraph(model.graph, context),
    metadata: metadataOf(model),
    opset: Math.max(versions.get("")!, supportedOpsets.first),
  };
}

function versionsOf(model: ModelProto, where: Where): ReadonlyMap<string, number> {
  const versions = new Map(
    model.opsetImport.map(({ domain, version }) => [domain === "ai.onnx" ? "" : domain, Number(version)]),
  );
  const version = versions.get("") ?? 0;
  const { first, last } = readableOpsets;
  if (version < first || version > last)
    throw unreadable(`a model in an opset from ${first} to ${last}`, `opset ${version}`, where);
  return versions;
}

function declaredTypes({ valueInfo, output }: GraphProto): ReadonlyMap<string, TensorType> {
  return new Map(
    [...valueInfo, ...output].flatMap((info) => {
      const type = decodeValueInfo(info);
      return type ? [[info.name, type]] : [];
    }),
  );
}

function decodeGraph(proto: GraphProto, context: DecodeContext): Pick<OnnxModel, "graph" | "values"> {
  const { where } = context;
  const values = new Map<string, Value>();
  for (const tensor of proto.initializer) {
    const value = constant(decodeTensor(tensor, where));
    values.set(tensor.name, value);
    if (value.type.dtype === "float32" && value.type.shape.length > 0) context.parameters.add(value);
  }
  const inputs = proto.input
    .filter(({ name }) => !values.has(name))
    .map((info) => {
      const type = decodeValueInfo(info);
      if (!type) throw unreadable("graph inputs that are tensors of a known element type", `'${info.name}'`, where);
      const value = input(info.name, type.dtype, type.shape);
      values.set(info.name, value);
      return value;
    });
  for (const node of proto.node) {
    const sources = node.input.map((name) => {
      const source = values.get(name);
      if (!source && name !== "")
        throw unreadable("nodes whose inputs come before them", `'${name}' of ${node.opType}`, where);
      return source;
    });
    const outputs = decodeNode(node, sources, context);
    for (const [index, name] of node.output.entries()) {
      const value = outputs[index];
      if (value && name !== "") values.set(name, value);
    }
  }
  const outputs = proto.output.map(({ name }) => {
    const value = values.get(name);
    if (!value) throw unreadable("graph outputs that are produced by nodes", `'${name}' without one`, where);
    return [name, value] as const;
  });
  return { graph: graph(proto.name, inputs, Object.fromEntries(outputs)), values };
}
