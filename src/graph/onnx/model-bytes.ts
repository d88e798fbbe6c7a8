/**
 * A model's messages and tensors as bytes. `toBinary` would write everything into one growing
 * buffer and move each nested message when its length is known: weights of 40 MB took 110 ms. Here
 * each large tensor is copied once, behind the lengths of the messages around it: 15 ms.
 */
import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { TensorData } from "../tensor-type.ts";
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  TensorProtoSchema,
} from "./generated/onnx_pb.ts";
import { bytesOf, encodeTensor, tensorHeader } from "./tensors.ts";

/** Below this a tensor is copied faster than its lengths are written. */
const largeBytes = 4096;

/** The bytes of `model` with `graph` as its graph and `initializers`, by name, as the graph's. */
export function modelBytes(
  model: ModelProto,
  graph: GraphProto,
  initializers: ReadonlyMap<string, TensorData>,
): Uint8Array<ArrayBuffer> {
  const entries = [...initializers];
  const small = entries.filter(([, tensor]) => tensor.data.byteLength < largeBytes);
  const initializer = small.map(([name, tensor]) => Object.assign(encodeTensor(tensor), { name }));
  const graphParts: Uint8Array[] = [toBinary(GraphProtoSchema, { ...graph, initializer })];
  for (const [name, tensor] of entries) {
    if (tensor.data.byteLength < largeBytes) continue;
    const data = bytesOf(tensor);
    const header = new BinaryWriter()
      .raw(toBinary(TensorProtoSchema, tensorHeader(tensor, name)))
      .raw(lengthPrefix(TensorProtoSchema.field.rawData.number, data.length))
      .finish();
    graphParts.push(lengthPrefix(GraphProtoSchema.field.initializer.number, header.length + data.length), header, data);
  }
  const graphLength = graphParts.reduce((sum, part) => sum + part.length, 0);
  return joined([
    toBinary(ModelProtoSchema, model),
    lengthPrefix(ModelProtoSchema.field.graph.number, graphLength),
    ...graphParts,
  ]);
}

/** What stands before the bytes of a field that is a message or bytes. */
function lengthPrefix(field: number, length: number): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
