/**
 * ONNX bytes in and out. The wire format is onnx-proto's; this file only maps our graphs to its
 * messages and back.
 */
import type { onnx } from "onnx-proto";
import onnxProto from "onnx-proto";
import { AppError } from "../base/errors.ts";
import { type Attributes, type AttributeType, type AttributeValue, findOp } from "./op.ts";
import { type DType, dtypeOfElementType, elementTypes, type Shape, sizeOf, type TensorData } from "./tensor-type.ts";
import { apply, constant, type Graph, graph, input, nodesOf, type Value } from "./value.ts";
import "./ops/table.ts";

/** The version of the ONNX operator set that our graphs are written in. */
export const opset = 20;
const irVersion = 9;

const attributeCode: Readonly<Record<AttributeType, number>> = { float: 1, int: 2, string: 3, floats: 6, ints: 7 };

export interface OnnxModel {
  readonly graph: Graph;
  /** ONNX metadata_props: strings by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a graph of ONNX ops as the bytes of an `.onnx` file.
 * Errors: INTERNAL for a composite op; `expandComposites` makes them standard ops.
 */
export function encodeModel(source: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(source.outputs))
    if (value.producer.kind === "node") names.set(value, name);
  for (const value of source.inputs) if (value.producer.kind === "input") names.set(value, value.producer.name);
  const taken = new Set([...names.values(), ...Object.keys(source.outputs)]);
  const freshName = (kind: string) => {
    let name = `${kind}_${taken.size}`;
    while (taken.has(name)) name = `${name}_`;
    taken.add(name);
    return name;
  };
  const initializers: onnx.ITensorProto[] = [];
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const name = freshName(value.producer.kind === "constant" ? "constant" : "value");
    names.set(value, name);
    if (value.producer.kind === "constant") initializers.push(encodeTensor(name, value.producer.tensor));
    return name;
  };
  const domains = new Set<string>([""]);
  const counts = new Map<string, number>();
  const nodes = nodesOf(Object.values(source.outputs)).map((node): onnx.INodeProto => {
    if (node.op.expand) {
      throw new AppError("INTERNAL", { required: "composite ops are lowered before encoding", received: node.op.name });
    }
    domains.add(node.op.domain);
    const count = counts.get(node.op.name) ?? 0;
    counts.set(node.op.name, count + 1);
    return {
      name: `${node.op.name}_${count}`,
      opType: node.op.name,
      domain: node.op.domain,
      input: node.inputs.map((value) => (value ? nameOf(value) : "")),
      output: node.outputs.map(nameOf),
      attribute: encodeAttributes(node.op.attributeTypes, node.attributes),
    };
  });
  // An output that is an input, a constant, or a value that already carries another output's name
  // gets an Identity.
  const aliases = Object.entries(source.outputs).filter(([name, value]) => nameOf(value) !== name);
  for (const [name, value] of aliases)
    nodes.push({ name: `alias_${name}`, opType: "Identity", input: [nameOf(value)], output: [name] });
  const model = onnxProto.onnx.ModelProto.create({
    irVersion,
    producerName: "pawprint",
    opsetImport: [...domains].map((domain) => ({ domain, version: domain === "" ? opset : 1 })),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: source.name,
      node: nodes,
      initializer: initializers,
      input: source.inputs.map((value) => encodeValueInfo(nameOf(value), value)),
      output: Object.entries(source.outputs).map(([name, value]) => encodeValueInfo(name, value)),
    },
  });
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

function encodeTensor(name: string, tensor: TensorData): onnx.ITensorProto {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return {
    name,
    dims: [...tensor.shape],
    dataType: elementTypes[tensor.dtype],
    rawData: new Uint8Array(buffer, byteOffset, byteLength),
  };
}

function encodeValueInfo(name: string, value: Value): onnx.IValueInfoProto {
  const dim = value.type.shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypes[value.type.dtype], shape: { dim } } } };
}

function encodeAttributes(
  types: Readonly<Record<string, AttributeType>>,
  attributes: Attributes,
): onnx.IAttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => {
    const type = types[name];
    if (!type) throw new AppError("INTERNAL", { required: "an op declares its attributes", received: name });
    const field = { int: "i", float: "f", string: "s", ints: "ints", floats: "floats" }[type];
    return {
      name,
      type: attributeCode[type],
      [field]: type === "string" ? new TextEncoder().encode(String(value)) : value,
    };
  });
}

/**
 * Reads an `.onnx` file whose ops are all in the op table.
 * Errors: MODEL_UNREADABLE for bytes that are no ONNX model, or that use ops, element types or
 * external data we do not know.
 */
export function decodeModel(bytes: Uint8Array, where?: string): OnnxModel {
  const model = parse(bytes, where);
  checkOpset(model, where);
  const proto = model.graph ?? {};
  const values = new Map<string, Value>();
  for (const tensor of proto.initializer ?? []) values.set(tensor.name ?? "", constant(decodeTensor(tensor, where)));
  const inputs = (proto.input ?? [])
    .filter((info) => !values.has(info.name ?? ""))
    .map((info) => {
      const value = input(info.name ?? "", ...decodeValueInfo(info, where));
      values.set(info.name ?? "", value);
      return value;
    });
  for (const node of proto.node ?? []) {
    const sources = (node.input ?? []).map((name) => {
      const source = values.get(name);
      if (!source && name !== "")
        throw unreadable("a node's inputs come before it", `'${name}' of ${node.opType}`, where);
      return source;
    });
    const outputs = node.opType === "Identity" ? sources : applyNode(node, sources, where);
    for (const [index, name] of (node.output ?? []).entries()) {
      const value = outputs[index];
      if (value && name !== "") values.set(name, value);
    }
  }
  const outputs = (proto.output ?? []).map((info) => {
    const value = values.get(info.name ?? "");
    if (!value) throw unreadable("every graph output is produced by a node", `'${info.name}' is not`, where);
    return [info.name ?? "", value] as const;
  });
  return { graph: graph(proto.name ?? "", inputs, Object.fromEntries(outputs)), metadata: metadataOf(model) };
}

/** Reads only the metadata_props, of any ONNX model whatever its ops. Errors: MODEL_UNREADABLE. */
export function readMetadata(bytes: Uint8Array, where?: string): Readonly<Record<string, string>> {
  return metadataOf(parse(bytes, where));
}

function parse(bytes: Uint8Array, where: string | undefined): onnx.IModelProto {
  const model = decodeBytes(bytes, where);
  if (!model.graph) throw unreadable("an ONNX model holds a graph", "none", where);
  return model;
}

function decodeBytes(bytes: Uint8Array, where: string | undefined): onnx.IModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw unreadable("an ONNX file is a protobuf ModelProto", `${bytes.length} other bytes`, where, cause);
  }
}

function checkOpset(model: onnx.IModelProto, where: string | undefined): void {
  const version = Number((model.opsetImport ?? []).find(({ domain }) => !domain || domain === "ai.onnx")?.version ?? 0);
  // From 13 on the ops of the table mean what they mean today; newer forms are refused node by
  // node.
  if (version < 13) throw unreadable("a model is written in opset 13 or later", `opset ${version}`, where);
}

function metadataOf(model: onnx.IModelProto): Readonly<Record<string, string>> {
  return Object.fromEntries((model.metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
}

function applyNode(
  node: onnx.INodeProto,
  sources: readonly (Value | undefined)[],
  where: string | undefined,
): readonly Value[] {
  const name = node.domain ? `${node.domain}.${node.opType}` : (node.opType ?? "");
  const op = findOp(node.opType ?? "", node.domain ?? "");
  // Composite ops are ours alone: no file holds them.
  if (!op || op.expand) throw unreadable("a model uses ops of the op table", `op ${name}`, where);
  const attributes = Object.fromEntries(
    (node.attribute ?? []).map((attribute) => [attribute.name ?? "", decodeAttribute(attribute)]),
  );
  try {
    return apply(op, sources, attributes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unreadable("a model's nodes keep to the shape rules", `node '${node.name ?? name}': ${reason}`, where, cause);
  }
}

function decodeAttribute(attribute: onnx.IAttributeProto): AttributeValue {
  switch (attribute.type) {
    case attributeCode.float:
      return attribute.f ?? 0;
    case attributeCode.int:
      return Number(attribute.i ?? 0);
    case attributeCode.string:
      return new TextDecoder().decode(attribute.s ?? new Uint8Array());
    case attributeCode.floats:
      return [...(attribute.floats ?? [])];
    default:
      return (attribute.ints ?? []).map(Number);
  }
}

function decodeValueInfo(info: onnx.IValueInfoProto, where: string | undefined): [DType, Shape] {
  const tensor = info.type?.tensorType;
  const dtype = dtypeOfElementType(tensor?.elemType ?? 0);
  if (!dtype) throw unreadable("a graph's inputs are tensors of a known element type", `'${info.name}'`, where);
  return [dtype, (tensor?.shape?.dim ?? []).map((dim) => dim.dimParam || Number(dim.dimValue ?? 0))];
}

function decodeTensor(tensor: onnx.ITensorProto, where: string | undefined): TensorData {
  const dtype = dtypeOfElementType(tensor.dataType ?? 0);
  if (!dtype)
    throw unreadable("an initializer has a known element type", `'${tensor.name}' type ${tensor.dataType}`, where);
  if (tensor.dataLocation)
    throw unreadable("an initializer's numbers are in the file", `'${tensor.name}' elsewhere`, where);
  const shape = (tensor.dims ?? []).map(Number);
  const raw = tensor.rawData && tensor.rawData.length > 0 ? Uint8Array.from(tensor.rawData) : undefined;
  const data = raw ? viewAs(dtype, raw) : typedFields(dtype, tensor);
  if (data.length !== sizeOf(shape)) {
    throw unreadable(`initializer '${tensor.name}' has ${sizeOf(shape)} elements`, `${data.length}`, where);
  }
  return { dtype, shape, data };
}

function viewAs(dtype: DType, bytes: Uint8Array): TensorData["data"] {
  if (dtype === "float32") return new Float32Array(bytes.buffer, 0, bytes.byteLength >> 2);
  if (dtype === "int64") return new BigInt64Array(bytes.buffer, 0, bytes.byteLength >> 3);
  if (dtype === "int32") return new Int32Array(bytes.buffer, 0, bytes.byteLength >> 2);
  return bytes;
}

function typedFields(dtype: DType, tensor: onnx.ITensorProto): TensorData["data"] {
  if (dtype === "float32") return Float32Array.from(tensor.floatData ?? []);
  if (dtype === "int64") return BigInt64Array.from((tensor.int64Data ?? []).map((value) => BigInt(value.toString())));
  if (dtype === "int32") return Int32Array.from(tensor.int32Data ?? []);
  return Uint8Array.from(tensor.int32Data ?? []);
}

function unreadable(required: string, received: string, where: string | undefined, cause?: unknown): AppError {
  return new AppError("MODEL_UNREADABLE", { required, received, ...(where === undefined ? {} : { where }), cause });
}
