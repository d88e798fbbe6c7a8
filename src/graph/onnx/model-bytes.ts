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
  type TensorProto,
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
  const large = entries.filter(([, tensor]) => tensor.data.byteLength >= largeBytes);
  return bytesWithTensors(
    model,
    { ...graph, initializer },
    large.map(([name, tensor]) => ({ header: tensorHeader(tensor, name), data: bytesOf(tensor) })),
  );
}

/** A tensor's message without its `raw_data`, and these; undefined where its elements are in the message. */
export interface TensorParts {
  readonly header: TensorProto;
  readonly data?: Uint8Array;
}

/** The bytes of `model` with `graph` as its graph, and `tensors` after the initializers of that. */
export function bytesWithTensors(
  model: ModelProto,
  graph: GraphProto,
  tensors: readonly TensorParts[],
): Uint8Array<ArrayBuffer> {
  const graphParts: Uint8Array[] = [toBinary(GraphProtoSchema, graph)];
  for (const { header, data } of tensors) {
    const parts: Uint8Array[] = [toBinary(TensorProtoSchema, header)];
    if (data) parts.push(lengthPrefix(TensorProtoSchema.field.rawData.number, data.length), data);
    graphParts.push(lengthPrefix(GraphProtoSchema.field.initializer.number, lengthOf(parts)), ...parts);
  }
  return joined([
    toBinary(ModelProtoSchema, model),
    lengthPrefix(ModelProtoSchema.field.graph.number, lengthOf(graphParts)),
    ...graphParts,
  ]);
}

/** What stands before the bytes of a field that is a message or bytes. */
function lengthPrefix(field: number, length: number): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
