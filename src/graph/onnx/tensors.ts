/** Tensors and their types between our form and ONNX's messages. */
import { create } from "@bufbuild/protobuf";
import {
  type DType,
  dtypeOfElementType,
  elementTypes,
  sizeOf,
  type TensorData,
  type TensorType,
} from "../tensor-type.ts";
import {
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./generated/onnx_pb.ts";
import { unreadable, type Where } from "./unreadable.ts";

/** The message of a tensor; its bytes are the tensor's own memory. */
export function encodeTensor(tensor: TensorData): TensorProto {
  return Object.assign(tensorHeader(tensor, ""), { rawData: bytesOf(tensor) });
}

/** All of a tensor's message but its elements, which stand in the field `raw_data`. */
export function tensorHeader({ shape, dtype }: TensorData, name: string): TensorProto {
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: elementTypes[dtype] });
}

/** A tensor's memory as bytes. */
export function bytesOf({ data }: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * A tensor with memory of its own. Errors: MODEL_UNREADABLE for element types that we do not have.
 */
export function decodeTensor(tensor: TensorProto, where: Where): TensorData {
  const { name, dataType } = tensor;
  const dtype = dtypeOfElementType(dataType);
  if (!dtype) throw unreadable("an initializer of a known element type", `'${name}' of type ${dataType}`, where);
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw unreadable("an initializer whose numbers are in the file", `'${name}' elsewhere`, where);
  const shape = tensor.dims.map(Number);
  if (!shape.every(isSize)) throw unreadable(`a shape of initializer '${name}'`, `[${shape.slice(0, 8)}]`, where);
  // A copy by constructor: slice() of a Buffer would be a view.
  const data = tensor.rawData.length > 0 ? viewAs(dtype, new Uint8Array(tensor.rawData)) : typedFields(dtype, tensor);
  if (data.length !== sizeOf(shape))
    throw unreadable(`${sizeOf(shape)} elements of initializer '${name}'`, `${data.length}`, where);
  return { dtype, shape, data };
}

function viewAs(dtype: DType, bytes: Uint8Array): TensorData["data"] {
  if (dtype === "float32") return new Float32Array(bytes.buffer, 0, bytes.byteLength >> 2);
  if (dtype === "int64") return new BigInt64Array(bytes.buffer, 0, bytes.byteLength >> 3);
  if (dtype === "int32") return new Int32Array(bytes.buffer, 0, bytes.byteLength >> 2);
  if (dtype === "int8") return new Int8Array(bytes.buffer);
  return bytes;
}

function typedFields(dtype: DType, { floatData, int32Data, int64Data }: TensorProto): TensorData["data"] {
  if (dtype === "float32") return Float32Array.from(floatData);
  if (dtype === "int64") return BigInt64Array.from(int64Data);
  if (dtype === "int32") return Int32Array.from(int32Data);
  if (dtype === "int8") return Int8Array.from(int32Data);
  return Uint8Array.from(int32Data);
}

/** The declaration of a graph's input, output or value; without a type where that is unknown. */
export function encodeValueInfo(name: string, { dtype, shape }: TensorType): ValueInfoProto {
  if (dtype === "unknown") return create(ValueInfoProtoSchema, { name });
  const dim = shape.map((size) => ({
    value:
      typeof size === "number"
        ? ({ case: "dimValue", value: BigInt(size) } as const)
        : ({ case: "dimParam", value: size } as const),
  }));
  const tensorType = { elemType: elementTypes[dtype], shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: tensorType } } });
}

/**
 * The declared type, `undefined` where none is declared or it is none of ours. A dim without name
 * and size (some tools write -1) gets a name of its own.
 */
export function decodeValueInfo({ name, type }: ValueInfoProto): (TensorType & { readonly dtype: DType }) | undefined {
  if (type?.value.case !== "tensorType") return undefined;
  const { elemType, shape } = type.value.value;
  const dtype = dtypeOfElementType(elemType);
  if (!dtype || !shape) return undefined;
  const dims = shape.dim.map(({ value }, axis) => {
    if (value.case === "dimValue" && isSize(Number(value.value))) return Number(value.value);
    return value.case === "dimParam" && value.value !== "" ? value.value : `${name}.${axis}`;
  });
  return { dtype, shape: dims };
}

function isSize(dim: number): boolean {
  return Number.isSafeInteger(dim) && dim >= 0;
}
