/** Holds what a program is fed, and the buffers that it is to write, to the model's own types. */
import { AppError } from "../base/errors.ts";
import { formatType, sizeOf, type TensorType } from "../graph/tensor-type.ts";
import type { ModelSignature, Tensor, Tensors } from "./executor.ts";

const arrays = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/**
 * Checks every feed and every buffer: names, element types, shapes (a symbolic dim takes one size
 * throughout), lengths, and that no memory is both read and written. Errors: EXECUTION_INPUT with
 * the name, what the graph expects and what came.
 */
export function checkFeeds(model: ModelSignature, feeds: Tensors, into: Tensors = {}): void {
  const sizes = new Map<string, number>();
  for (const [name, type] of Object.entries(model.inputs)) {
    const tensor = feeds[name];
    if (!tensor) throw reject(model, `input '${name}' = ${formatType(type)}`, "nothing");
    checkTensor(model, `input '${name}'`, type, tensor, sizes);
  }
  checkNames(model, "input", Object.keys(feeds), Object.keys(model.inputs));
  checkNames(model, "output", Object.keys(into), Object.keys(model.outputs));
  for (const [name, tensor] of Object.entries(into)) {
    checkTensor(model, `output '${name}'`, model.outputs[name]!, tensor, sizes);
  }
  checkApart(model, feeds, into);
}

function checkNames(model: ModelSignature, kind: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) throw reject(model, `${kind}s named ${known.join(", ")}`, `'${unknown}'`);
}

function checkTensor(
  model: ModelSignature,
  what: string,
  type: TensorType,
  tensor: Tensor,
  sizes: Map<string, number>,
): void {
  const fits =
    tensor.dtype === type.dtype &&
    tensor.shape.length === type.shape.length &&
    type.shape.every((dim, axis) => {
      const size = tensor.shape[axis]!;
      if (typeof dim === "number") return dim === size;
      // A product of symbols, such as 4*N, occurs only on computed values; the engine finds its
      // size.
      if (dim.includes("*")) return true;
      const bound = sizes.get(dim) ?? size;
      sizes.set(dim, bound);
      return bound === size;
    });
  if (!fits) {
    const bound = [...sizes].map(([symbol, size]) => `, ${symbol} = ${size}`).join("");
    throw reject(model, `${what} = ${formatType(type)}${bound}`, formatType(tensor));
  }
  if (!(tensor.data instanceof arrays[tensor.dtype]) || tensor.data.length !== sizeOf(tensor.shape)) {
    const required = `${what} held by ${sizeOf(tensor.shape)} elements of a ${arrays[tensor.dtype].name}`;
    throw reject(model, required, `${tensor.data.length} of a ${tensor.data.constructor.name}`);
  }
}

function checkApart(model: ModelSignature, feeds: Tensors, into: Tensors): void {
  const readByBuffer = new Map<ArrayBufferLike, [string, Tensor][]>();
  const written = Object.entries(into);
  if (written.length === 0) return;
  for (const entry of Object.entries(feeds)) {
    const { buffer } = entry[1].data;
    readByBuffer.set(buffer, [...(readByBuffer.get(buffer) ?? []), entry]);
  }
  for (const [name, { data }] of written) {
    const clash = readByBuffer
      .get(data.buffer)
      ?.find(
        ([, { data: read }]) =>
          read.byteOffset < data.byteOffset + data.byteLength && data.byteOffset < read.byteOffset + read.byteLength,
      );
    if (clash) throw reject(model, `memory of its own for output '${name}'`, `the memory of input '${clash[0]}'`);
  }
}

function reject(model: ModelSignature, required: string, received: string): AppError {
  return new AppError("EXECUTION_INPUT", {
    required,
    received,
    where: `graph '${model.name}'`,
  });
}
