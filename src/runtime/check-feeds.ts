/** Holds what a program is fed, and the buffers that it is to write, to the graph's own types. */
import { AppError } from "../base/errors.ts";
import { formatType, sizeOf, type TensorType } from "../graph/tensor-type.ts";
import type { Graph } from "../graph/value.ts";
import type { Tensor, Tensors } from "./executor.ts";

const arrays = {
  float32: Float32Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/**
 * Checks every feed and every buffer: names, element types, shapes (a symbolic dim takes one size
 * throughout), lengths, and that no memory is both read and written. Errors: EXECUTION_INPUT with
 * the name, what the graph expects and what came.
 */
export function checkFeeds(graph: Graph, feeds: Tensors, into: Tensors = {}): void {
  const sizes = new Map<string, number>();
  const types = inputTypes(graph);
  for (const [name, type] of types) {
    const tensor = feeds[name];
    if (!tensor) throw reject(graph, `input '${name}' = ${formatType(type)}`, "nothing");
    checkTensor(graph, `input '${name}'`, type, tensor, sizes);
  }
  checkNames(graph, "input", Object.keys(feeds), [...types.keys()]);
  checkNames(graph, "output", Object.keys(into), Object.keys(graph.outputs));
  for (const [name, tensor] of Object.entries(into)) {
    checkTensor(graph, `output '${name}'`, graph.outputs[name]!.type, tensor, sizes);
  }
  checkApart(graph, feeds, into);
}

function inputTypes(graph: Graph): ReadonlyMap<string, TensorType> {
  return new Map(
    graph.inputs.flatMap(({ producer, type }) => (producer.kind === "input" ? [[producer.name, type]] : [])),
  );
}

function checkNames(graph: Graph, kind: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) throw reject(graph, `${kind}s named ${known.join(", ")}`, `'${unknown}'`);
}

function checkTensor(graph: Graph, what: string, type: TensorType, tensor: Tensor, sizes: Map<string, number>): void {
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
    throw reject(graph, `${what} = ${formatType(type)}${bound}`, formatType(tensor));
  }
  if (!(tensor.data instanceof arrays[tensor.dtype]) || tensor.data.length !== sizeOf(tensor.shape)) {
    const required = `${what} held by ${sizeOf(tensor.shape)} elements of a ${arrays[tensor.dtype].name}`;
    throw reject(graph, required, `${tensor.data.length} of a ${tensor.data.constructor.name}`);
  }
}

function checkApart(graph: Graph, feeds: Tensors, into: Tensors): void {
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
    if (clash) throw reject(graph, `memory of its own for output '${name}'`, `the memory of input '${clash[0]}'`);
  }
}

function reject(graph: Graph, required: string, received: string): AppError {
  return new AppError("EXECUTION_INPUT", {
    required,
    received,
    where: `graph '${graph.name}'`,
  });
}
