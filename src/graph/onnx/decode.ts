/** The bytes of an `.onnx` file as graphs. */
import { isAppError } from "../../base/errors.ts";
import { importedOp } from "../imported-op.ts";
import { type Attributes, findOp, isNumberList } from "../op.ts";
import { float32, int64Vector, isStatic, type TensorData, type TensorType, unknownType } from "../tensor-type.ts";
import { apply, constant, type Graph, graph, input, type Value } from "../value.ts";
import { decodeAttributes } from "./attributes.ts";
import type { GraphProto, ModelProto, NodeProto } from "./generated/onnx_pb.ts";
import { type Metadata, metadataOf, type ParsedModel, parseModel } from "./metadata.ts";
import { fromVersion, supportedOpsets } from "./opset.ts";
import { decodeTensor, decodeValueInfo } from "./tensors.ts";
import { unreadable, type Where } from "./unreadable.ts";
import "../ops/table.ts";

/** A decoded model: its graph and metadata. */
export interface OnnxModel {
  readonly graph: Graph;
  /**
   * Every value that has a name in the file: inputs, initializers and outputs of nodes. Two names
   * may stand for one value, as those around an Identity do.
   */
  readonly values: ReadonlyMap<string, Value>;
  readonly metadata: Metadata;
  /** The version of ONNX's operator set in which the model is written. */
  readonly opset: number;
}

/** What the nodes of one model are decoded by. */
interface Context {
  readonly where: Where;
  /** The version of each domain's operator set. */
  readonly versions: ReadonlyMap<string, number>;
  /** The types of values that the model declares. */
  readonly declared: ReadonlyMap<string, TensorType>;
}

/**
 * Reads an `.onnx` file. Nodes that the op table does not hold, or not in the form that the model
 * uses, become imported ops (`importedOp`), with the types that the model declares for their
 * outputs; so does what takes a value of unknown type.
 * Errors: MODEL_UNREADABLE for bytes that are no ONNX model, for opsets outside 13 to 26, and for
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
  const context: Context = { where, versions, declared: declaredTypes(model.graph) };
  return {
    ...decodeGraph(model.graph, context),
    metadata: metadataOf(model),
    opset: versions.get("")!,
  };
}

function versionsOf(model: ModelProto, where: Where): ReadonlyMap<string, number> {
  const versions = new Map(
    model.opsetImport.map(({ domain, version }) => [domain === "ai.onnx" ? "" : domain, Number(version)]),
  );
  const version = versions.get("") ?? 0;
  const { first, last } = supportedOpsets;
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

function decodeGraph(proto: GraphProto, context: Context): Pick<OnnxModel, "graph" | "values"> {
  const { where } = context;
  const values = new Map<string, Value>();
  for (const tensor of proto.initializer) values.set(tensor.name, constant(decodeTensor(tensor, where)));
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

function decodeNode(
  node: NodeProto,
  sources: readonly (Value | undefined)[],
  context: Context,
): readonly (Value | undefined)[] {
  const { where, versions } = context;
  const domain = node.domain === "ai.onnx" ? "" : node.domain;
  if (domain === "" && node.opType === "Identity") return sources;
  const { attributes, types } = decodeAttributes(node, where);
  if (domain === "" && node.opType === "Constant") return [constant(constantOf(attributes, node, where))];
  const version = versions.get(domain);
  if (version === undefined) throw unreadable("a version of each domain's operator set", `none of '${domain}'`, where);
  const known = domain === "" ? applyFromTable(node, sources, attributes, version, where) : undefined;
  if (known) return known;
  const op = importedOp({
    name: node.opType,
    domain,
    attributeTypes: types,
    outputs: node.output.map((name) => context.declared.get(name) ?? unknownType),
    imported: {
      node: node.name,
      version,
      omitted: node.output.flatMap((name, at) => (name === "" ? [at] : [])),
    },
  });
  return apply(op, sources, attributes);
}

/**
 * The outputs of the op that the table holds; `undefined` where it holds none that takes the node.
 * Fixed shapes that break an op's shape rule are a mistake in the file; with symbolic ones the rule
 * may only be unable to follow.
 */
function applyFromTable(
  node: NodeProto,
  sources: readonly (Value | undefined)[],
  attributes: Attributes,
  version: number,
  where: Where,
): readonly Value[] | undefined {
  const op = findOp(node.opType);
  // Composite ops are ours alone: no file holds them.
  if (op?.expand) throw unreadable("standard ONNX ops", `op ${node.opType}`, where);
  if (!op) return undefined;
  try {
    const form = fromVersion(version, node.opType, { inputs: sources, attributes });
    const outputs = apply(op, form.inputs, form.attributes);
    return node.output.length > outputs.length ? undefined : outputs;
  } catch (cause) {
    if (!isAppError(cause)) throw cause;
    const isFixed = sources.every((value) => !value || (value.type.dtype !== "unknown" && isStatic(value.type.shape)));
    if (cause.code !== "GRAPH_SHAPE" || !isFixed) return undefined;
    throw unreadable("nodes that keep to the shape rules", `node '${node.name}': ${cause.message}`, where, cause);
  }
}

/** The tensor of a Constant node, which holds it in one of several attributes. */
function constantOf(attributes: Attributes, node: NodeProto, where: Where): TensorData {
  const { value, value_float, value_floats, value_int, value_ints } = attributes;
  if (typeof value === "object" && "dtype" in value) return value;
  if (typeof value_float === "number") return float32([], [value_float]);
  if (isNumberList(value_floats)) return float32([value_floats.length], value_floats);
  if (typeof value_int === "number") return { ...int64Vector([value_int]), shape: [] };
  if (isNumberList(value_ints)) return int64Vector(value_ints);
  const received = `${Object.keys(attributes).join(", ") || "nothing"} in node '${node.name}'`;
  throw unreadable("a Constant that is a tensor or numbers", received, where);
}
