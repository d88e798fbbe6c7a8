/** ONNX bytes as protobuf messages, and the metadata that any model carries. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { isAppError } from "../../base/errors.ts";
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
} from "./generated/onnx_pb.ts";
import { requireModelLimits } from "./model-limits.ts";
import { unreadable, type Where } from "./unreadable.ts";

/** ONNX metadata_props: strings by key. */
export type Metadata = Readonly<Record<string, string>>;

/** A model as protobuf messages. */
export type ParsedModel = ModelProto & { readonly graph: GraphProto };

/** Reads only the metadata_props, of any ONNX model whatever its ops. Errors: MODEL_UNREADABLE. */
export function readMetadata(bytes: Uint8Array, where?: string): Metadata {
  return metadataOf(parseModel(bytes, where));
}

/**
 * The messages of a model. Tensors stay views of `bytes`: nothing of them is copied or decoded.
 * Errors: MODEL_UNREADABLE, also for a model beyond `modelLimits`.
 */
export function parseModel(bytes: Uint8Array, where: Where): ParsedModel {
  const model = parse(bytes, where);
  const { graph } = model;
  if (!graph) throw unreadable("an ONNX model with a graph", "none", where);
  return Object.assign(model, { graph });
}

function parse(bytes: Uint8Array, where: Where): ModelProto {
  try {
    requireModelLimits(bytes, where);
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    if (isAppError(cause)) throw cause;
    throw unreadable("an ONNX file, a protobuf ModelProto", `${bytes.length} other bytes`, where, cause);
  }
}

export function metadataOf(model: ModelProto): Metadata {
  return Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
}

/** The bytes of a model with one more entry of metadata: messages are joined by joining their bytes. */
export function withMetadata(bytes: Uint8Array, key: string, value: string): Uint8Array<ArrayBuffer> {
  const entry = toBinary(ModelProtoSchema, create(ModelProtoSchema, { metadataProps: [{ key, value }] }));
  const all = new Uint8Array(bytes.length + entry.length);
  all.set(bytes);
  all.set(entry, bytes.length);
  return all;
}

/** The bytes of a model with this metadata in the place of its own. */
export function replaceMetadata(model: ParsedModel, metadata: Metadata): Uint8Array<ArrayBuffer> {
  const metadataProps = Object.entries(metadata).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return new Uint8Array(toBinary(ModelProtoSchema, { ...model, metadataProps }));
}
