/** One node of an `.onnx` file as a node of our table, as constants, or as an imported op. */
import { isAppError } from "../../base/errors.ts";
import { foldOutputs } from "../fold.ts";
import { importedOp } from "../imported-op.ts";
import { type Attributes, findOp, isNumberList } from "../op.ts";
import {
  float32,
  int64Vector,
  isStatic,
  sizeOf,
  type TensorData,
  type TensorType,
  unknownType,
} from "../tensor-type.ts";
import { apply, constant, type Value } from "../value.ts";
import { decodeAttributes } from "./attributes.ts";
import type { NodeProto } from "./generated/onnx_pb.ts";
import { readForm } from "./import-forms.ts";
import { explicitWindow } from "./import-pads.ts";
import { fromVersion, keptVersion, supportedOpsets } from "./opset.ts";
import { unreadable, type Where } from "./unreadable.ts";
import "../ops/table.ts";

/** What the nodes of one model are decoded by. */
export interface DecodeContext {
  readonly where: Where;
  /** The version of each domain's operator set. */
  readonly versions: ReadonlyMap<string, number>;
  /** The types of values that the model declares. */
  readonly declared: ReadonlyMap<string, TensorType>;
  /** Initializers that may be trained: nothing that is computed from them is folded. */
  readonly parameters: Set<Value>;
  /** How many elements may still be made by folding. */
  room: number;
}

type Sources = readonly (Value | undefined)[];

/** The node's outputs, in the order of its names for them. Errors: MODEL_UNREADABLE. */
export function decodeNode(node: NodeProto, sources: Sources, context: DecodeContext): Sources {
  const { where, versions } = context;
  const domain = node.domain === "ai.onnx" ? "" : node.domain;
  if (domain === "" && node.opType === "Identity") return sources;
  const { attributes, types } = decodeAttributes(node, where);
  if (domain === "" && node.opType === "Constant") return [constant(constantOf(attributes, node, where))];
  const version = versions.get(domain);
  if (version === undefined) throw unreadable("a version of each domain's operator set", `none of '${domain}'`, where);
  const known = domain === "" ? fromTable(node, sources, attributes, version, context) : undefined;
  if (known) return known;
  const written = domain === "" ? keptVersion(version, node.opType) : version;
  if (written === undefined) {
    const required = `nodes that mean in opset ${supportedOpsets.first} what they mean in opset ${version}`;
    throw unreadable(required, `node '${node.name}' (${node.opType})`, where);
  }
  const op = importedOp({
    name: node.opType,
    domain,
    attributeTypes: types,
    outputs: node.output.map((name) => context.declared.get(name) ?? unknownType),
    imported: {
      node: node.name,
      version: written,
      omitted: node.output.flatMap((name, at) => (name === "" ? [at] : [])),
    },
  });
  return apply(op, sources, attributes);
}

const windowed = new Set([
  "Conv",
  "ConvTranspose",
  "MaxPool",
  "AveragePool",
  "GlobalAveragePool",
  "Resize",
  "GridSample",
]);
/** Ops that take more in ONNX than in our table: what breaks our rules may keep to theirs. */
const narrower = new Set(["MatMul", "Slice", "Split", "Reshape", "Expand", "Concat", "BatchNormalization", "Clip"]);

/**
 * The outputs in forms that we have; `undefined` where the node has none. Fixed shapes that break an op's shape rule
 * are a mistake in the file; with symbolic ones the rule may only be unable to follow.
 */
function fromTable(
  node: NodeProto,
  sources: Sources,
  attributes: Attributes,
  version: number,
  context: DecodeContext,
): readonly Value[] | undefined {
  const { where, parameters, room } = context;
  // Composite ops are ours alone: no file holds them.
  if (findOp(node.opType)?.expand) throw unreadable("standard ONNX ops", `op ${node.opType}`, where);
  if (sources.some((value) => value?.type.dtype === "unknown")) return undefined;
  try {
    const outputs = applied(node, sources, attributes, version, room);
    if (!outputs || node.output.length > outputs.length) return undefined;
    const isTrained = sources.some((value) => value && parameters.has(value));
    const folded = isTrained ? outputs : foldOutputs(node.opType, sources, outputs, room);
    for (const { producer } of folded) {
      const isNew = producer.kind === "constant" && sources.every((value) => value?.producer !== producer);
      if (isNew) context.room -= sizeOf(producer.tensor.shape);
    }
    return folded;
  } catch (cause) {
    if (!isAppError(cause)) throw cause;
    const isFixed = sources.every((value) => !value || isStatic(value.type.shape));
    const rank = sources[0]?.type.shape.length ?? 0;
    const isOtherRank = windowed.has(node.opType) && (rank === 3 || rank === 5);
    if (cause.code !== "GRAPH_SHAPE" || !isFixed || isOtherRank || narrower.has(node.opType)) return undefined;
    throw unreadable("nodes that keep to the shape rules", `node '${node.name}': ${cause.message}`, where, cause);
  }
}

function applied(
  node: NodeProto,
  sources: Sources,
  given: Attributes,
  version: number,
  room: number,
): readonly Value[] | undefined {
  const { inputs, attributes } = fromVersion(version, node.opType, { inputs: sources, attributes: given });
  const read = readForm(node.opType, { inputs, attributes, version, outputs: node.output.length, room });
  if (read) return read;
  const op = findOp(node.opType);
  const [x, weights] = inputs;
  if (!op || !x) return undefined;
  const isWindowed = node.opType === "Conv" || node.opType === "MaxPool" || node.opType === "AveragePool";
  if (!isWindowed) return apply(op, inputs, attributes);
  return apply(op, inputs, explicitWindow(x, weights, attributes));
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
