/**
 * Weights that stand in files beside a model ("external data"): Python's `onnx.save_model` and
 * `mlflow.onnx.log_model` write them so. What is written here is a model of one file again.
 */
import { clearField, create } from "@bufbuild/protobuf";
import { largestFileBytes } from "../../base/files/read-file.ts";
import { formatBytes } from "../../base/quantity.ts";
import {
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "./generated/onnx_pb.ts";
import { parseModel } from "./metadata.ts";
import { bytesWithTensors, type TensorParts } from "./model-bytes.ts";
import { unreadable, type Where } from "./unreadable.ts";

/**
 * The files that a model's initializers stand in, each once, as the model names them: any text.
 * Errors: MODEL_UNREADABLE.
 */
export function externalFilesOf(bytes: Uint8Array, where: Where): readonly string[] {
  const { initializer } = parseModel(bytes, where).graph;
  return [...new Set(initializer.filter(isExternal).map((tensor) => locationOf(tensor, where).file))];
}

/**
 * The same model with the initializers' numbers in it, from `files` by the name that the model
 * gives them. Everything else stays: the digest too.
 * Errors: MODEL_UNREADABLE for a file that is not there or shorter than its tensors, for files that
 * are used twice, and for a model of 2 GiB or more.
 */
export function inlineExternalData(
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  where: Where,
): Uint8Array<ArrayBuffer> {
  const { graph, ...rest } = parseModel(bytes, where);
  const tensors = graph.initializer.map((tensor) =>
    isExternal(tensor) ? inlined(tensor, files, where) : split(tensor),
  );
  requireRoom(bytes.length, graph.initializer, tensors, files, where);
  const model: ModelProto = create(ModelProtoSchema, rest);
  return bytesWithTensors(model, { ...graph, initializer: [] }, tensors);
}

function isExternal({ dataLocation }: TensorProto): boolean {
  return dataLocation === TensorProto_DataLocation.EXTERNAL;
}

/** Where a tensor's bytes are; all after `offset` where no length is given. */
function locationOf(tensor: TensorProto, where: Where) {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
    throw unreadable(
      `${key} of external data as a number of bytes`,
      `${JSON.stringify(text)} for '${tensor.name}'`,
      where,
    );
  };
  const file = entries.get("location");
  if (file === undefined || file === "")
    throw unreadable("a location of external data", `none for initializer '${tensor.name}'`, where);
  return { file, offset: number("offset") ?? 0, length: number("length") };
}

function inlined(tensor: TensorProto, files: ReadonlyMap<string, Uint8Array>, where: Where): TensorParts {
  const { file, offset, length } = locationOf(tensor, where);
  const bytes = files.get(file);
  if (!bytes) throw unreadable(`the file ${file} of initializer '${tensor.name}'`, "none", where);
  const end = length === undefined ? bytes.length : offset + length;
  if (offset > end || end > bytes.length) {
    const received = `one of ${bytes.length}`;
    throw unreadable(`a file ${file} of ${Math.max(offset, end)} bytes for '${tensor.name}'`, received, where);
  }
  const header = headerOf(tensor);
  clearField(header, fields.externalData);
  clearField(header, fields.dataLocation);
  return { header, data: bytes.subarray(offset, end) };
}

function split(tensor: TensorProto): TensorParts {
  if (tensor.rawData.length === 0) return { header: tensor };
  return { header: headerOf(tensor), data: tensor.rawData };
}

const fields = TensorProtoSchema.field;

/** A tensor without its bytes: the digest of a model tells an empty field from none. */
function headerOf(tensor: TensorProto): TensorProto {
  const header = { ...tensor };
  clearField(header, fields.rawData);
  return header;
}

/** A small model must not become a large one by naming the same bytes again and again. */
function requireRoom(
  modelBytes: number,
  initializers: readonly TensorProto[],
  tensors: readonly TensorParts[],
  files: ReadonlyMap<string, Uint8Array>,
  where: Where,
): void {
  const held = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  const used = tensors.reduce(
    (sum, { data }, at) => sum + (isExternal(initializers[at]!) ? (data?.length ?? 0) : 0),
    0,
  );
  if (used > held)
    throw unreadable(
      "external data of which each byte belongs to one initializer",
      `${formatBytes(used)} of ${formatBytes(held)}`,
      where,
    );
  if (modelBytes + used > largestFileBytes)
    throw unreadable("a model of less than 2 GiB with its external data", formatBytes(modelBytes + used), where);
}
