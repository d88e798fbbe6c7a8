/** Values that follow from constants and sizes alone, as constants. */
import { knownDims } from "./known-dims.ts";
import { evaluateReference } from "./reference-evaluation.ts";
import { fromReference } from "./reference-tensor.ts";
import { isStatic, sizeOf, type TensorData } from "./tensor-type.ts";
import { constant, graph, type Value } from "./value.ts";

/** How many elements folding may make of one model: positions and masks are a few thousand. */
export const mostFoldedElements = 2 ** 22;
/** How many one node may take and make. */
const mostOfNode = 2 ** 20;

/** The reference walks axes by axes. */
const mostAxes = 16;

/** Ops that take more work than they make elements, and those by which weights of 8 bits become floats: they stay. */
const costly = new Set([
  "Conv",
  "ConvTranspose",
  "MatMul",
  "Gemm",
  "MaxPool",
  "AveragePool",
  "GridSample",
  "LRN",
  "DequantizeLinear",
  "QuantizeLinear",
  "OneHot",
]);

/**
 * A node's outputs, those of them as constants that can be known: all where the inputs are constants, evaluated by the
 * reference; else whole numbers that follow from sizes. As they are where they are larger than `room`.
 */
export function foldOutputs(
  opType: string,
  sources: readonly (Value | undefined)[],
  outputs: readonly Value[],
  room: number,
): readonly Value[] {
  const sizes = [...sources, ...outputs].map((value) => (value ? elementsOf(value) : 0));
  const isSmall = sizes.reduce((sum, size) => sum + size, 0) <= Math.min(room, mostOfNode);
  const areConstants = sources.every((value) => !value || value.producer.kind === "constant");
  if (areConstants && isSmall && !costly.has(opType) && outputs.every(({ producer }) => producer.kind === "node"))
    return evaluated(outputs) ?? outputs;
  return outputs.map(knownNumbers);
}

function elementsOf({ type: { dtype, shape } }: Value): number {
  return dtype !== "unknown" && shape.length <= mostAxes && isStatic(shape) ? sizeOf(shape) : Number.POSITIVE_INFINITY;
}

function evaluated(outputs: readonly Value[]): readonly Value[] | undefined {
  const named = Object.fromEntries(outputs.map((value, at) => [`${at}`, value]));
  const results = Object.values(evaluateReference(graph("constants", [], named), {}));
  // Whole numbers that are none (a division by zero) are left to the engine.
  if (results.some(({ dtype, data }) => dtype !== "float32" && !data.every(Number.isFinite))) return undefined;
  return results.map((tensor) => constant(fromReference(tensor)));
}

/** A constant in the place of whole numbers that follow from sizes; else the value itself. */
export function knownNumbers(value: Value): Value {
  const known = value.producer.kind === "node" ? knownDims(value) : undefined;
  if (!known || !isStatic(known.dims)) return value;
  const { dtype, shape, dims } = known;
  const tensor: TensorData = fromReference({ dtype, shape, data: Float64Array.from(dims) });
  return constant(tensor);
}
