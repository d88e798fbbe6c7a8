/** ONNX models as other tools write them, message by message. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "../../src/graph/onnx/generated/onnx_pb.ts";
import { encodeTensor, encodeValueInfo } from "../../src/graph/onnx/tensors.ts";
import type { TensorData, TensorType } from "../../src/graph/tensor-type.ts";

export { AttributeProto_AttributeType as AttributeKind } from "../../src/graph/onnx/generated/onnx_pb.ts";

export interface ModelParts {
  readonly nodes: readonly MessageInitShape<typeof NodeProtoSchema>[];
  readonly inputs: Readonly<Record<string, TensorType>>;
  readonly outputs: Readonly<Record<string, TensorType>>;
  readonly valueInfo?: Readonly<Record<string, TensorType>>;
  readonly initializers?: Readonly<Record<string, TensorData>>;
  /** Versions by domain; ONNX itself in 17 unless given. */
  readonly opsets?: Readonly<Record<string, number>>;
  readonly more?: MessageInitShape<typeof GraphProtoSchema>;
}

export function modelFrom(parts: ModelParts): Uint8Array {
  const { nodes, inputs, outputs, valueInfo = {}, initializers = {}, opsets = { "": 17 }, more } = parts;
  const infos = (types: Readonly<Record<string, TensorType>>) =>
    Object.entries(types).map(([name, type]) => encodeValueInfo(name, type));
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
    graph: {
      name: "imported",
      node: [...nodes],
      input: infos(inputs),
      output: infos(outputs),
      valueInfo: infos(valueInfo),
      initializer: Object.entries(initializers).map(([name, tensor]) => ({ ...encodeTensor(tensor), name })),
      ...more,
    },
  });
  return toBinary(ModelProtoSchema, model);
}

export function attribute(
  name: string,
  type: AttributeProto_AttributeType,
  value: MessageInitShape<typeof AttributeProtoSchema>,
) {
  return create(AttributeProtoSchema, { name, type, ...value });
}

export function node(parts: MessageInitShape<typeof NodeProtoSchema>) {
  return create(NodeProtoSchema, parts);
}

/** The messages of a model. */
export function messagesOf(bytes: Uint8Array): ModelProto {
  return fromBinary(ModelProtoSchema, bytes);
}

/** The same bytes with something changed in their messages. */
export function changed(bytes: Uint8Array, change: (model: ModelProto) => void): Uint8Array {
  const model = messagesOf(bytes);
  change(model);
  return toBinary(ModelProtoSchema, model);
}

/** Leaves of an initializer only where its bytes are: `location`, `offset`, `length`. */
export function moveOut(tensor: TensorProto, place: Readonly<Record<string, string>>): void {
  tensor.rawData = new Uint8Array();
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  tensor.externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
}
