/**
 * The whole numbers of a graph that are known while it is built, where sizes may be symbols: the
 * chains of Shape, Gather, Concat and arithmetic by which exporters compute shapes.
 */
import { divideDims, productOf } from "./dims.ts";
import type { Attributes, GraphNode, ReferenceTensor, Value } from "./op.ts";
import { zipTensors } from "./reference-tensor.ts";
import { numberAttribute } from "./shape-rules.ts";
import { type Dim, type DType, isStatic, sizeOf } from "./tensor-type.ts";

/** A tensor of int32, int64 or bool whose elements are numbers or symbolic sizes. */
export interface KnownDims {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major elements. */
  readonly dims: readonly Dim[];
}

/** Shapes have a few elements; longer vectors are no shapes, and are not followed. */
const mostElements = 256;
const mostAxes = 8;

const found = new WeakMap<Value, KnownDims | "unknown">();

/**
 * What is known of a value of whole numbers; `undefined` for others. Asked for each input that a
 * node gets (`apply`), so that no chain is long.
 */
export function knownDims(value: Value): KnownDims | undefined {
  const { dtype } = value.type;
  if (dtype !== "int64" && dtype !== "int32" && dtype !== "bool") return undefined;
  const before = found.get(value);
  if (before) return before === "unknown" ? undefined : before;
  const known = followed(value, dtype);
  found.set(value, known ?? "unknown");
  return known;
}

function followed({ producer, type: { shape }, index }: Value, dtype: DType): KnownDims | undefined {
  if (producer.kind === "input" || shape.length > mostAxes || !isStatic(shape) || sizeOf(shape) > mostElements)
    return undefined;
  if (producer.kind === "constant") return { dtype, shape, dims: Array.from(producer.tensor.data, Number) };
  const { op } = producer;
  if (op.imported || op.domain !== "") return undefined;
  if (op.name === "Shape") return { dtype, shape, dims: slicedShape(producer) };
  const tokens = createTokens();
  const result = moved(producer, tokens)?.[index] ?? combined(producer, tokens);
  return result && { dtype, shape, dims: Array.from(result.data, tokens.dimOf) };
}

function slicedShape({ inputs: [x], attributes }: GraphNode): readonly Dim[] {
  const end = attributes.end === undefined ? undefined : numberAttribute(attributes, "end", 0);
  return x!.type.shape.slice(numberAttribute(attributes, "start", 0), end);
}

/** Sizes as numbers that stand for them, so that the reference implementations can move them. */
interface Tokens {
  of(dim: Dim): number;
  readonly dimOf: (token: number) => Dim;
}

function createTokens(): Tokens {
  const dims: Dim[] = [];
  return { of: (dim) => dims.push(dim) - 1, dimOf: (token) => dims[token]! };
}

/** Which inputs' elements an op moves; the others say where to. */
const movedInputs: Readonly<Record<string, (at: number) => boolean>> = {
  Gather: (at) => at === 0,
  Slice: (at) => at === 0,
  Reshape: (at) => at === 0,
  Flatten: (at) => at === 0,
  Transpose: (at) => at === 0,
  Expand: (at) => at === 0,
  Split: (at) => at === 0,
  Concat: () => true,
  Where: (at) => at > 0,
};

function moved({ op, inputs, attributes }: GraphNode, tokens: Tokens): readonly ReferenceTensor[] | undefined {
  const isMoved = movedInputs[op.name] ?? (isIntegerCast(op.name, attributes) ? () => true : undefined);
  if (!isMoved) return undefined;
  const tensors = inputs.map((value, at) => value && tensorOf(value, isMoved(at) ? tokens : undefined));
  if (tensors.some((tensor, at) => !tensor && inputs[at])) return undefined;
  if (op.name === "Cast") return [tensors[0]!];
  return op.reference(tensors, attributes);
}

/** int32 (6) and int64 (7) hold any size alike. */
function isIntegerCast(name: string, { to }: Attributes): boolean {
  return name === "Cast" && (to === 6 || to === 7);
}

function tensorOf(value: Value, tokens: Tokens | undefined): ReferenceTensor | undefined {
  const known = knownDims(value);
  if (!known) return undefined;
  const { dims, dtype, shape } = known;
  if (tokens) return { dtype, shape, data: Float64Array.from(dims, tokens.of) };
  return isStatic(dims) ? { dtype, shape, data: Float64Array.from(dims) } : undefined;
}

/** Arithmetic of two sizes; `undefined` where the result is no size that we can write. */
const arithmetic: Readonly<Record<string, (a: Dim, b: Dim) => Dim | undefined>> = {
  Mul: (a, b) => (isSize(a) && isSize(b) ? productOf([a, b]) : numbers(a, b, (x, y) => x * y)),
  Div: (a, b) => (isSize(a) && isSize(b) ? (divideDims(a, b) ?? floored(a, b)) : floored(a, b)),
  Add: (a, b) => (a === 0 ? b : b === 0 ? a : numbers(a, b, (x, y) => x + y)),
  Sub: (a, b) => (b === 0 ? a : a === b ? 0 : numbers(a, b, (x, y) => x - y)),
  Max: (a, b) => (a === b ? a : numbers(a, b, Math.max)),
  Min: (a, b) => (a === b ? a : numbers(a, b, Math.min)),
  Equal: (a, b) => {
    if (a === b) return 1;
    // A size is not negative, so it is never the -1 that stands for "as it is".
    if (typeof a !== typeof b) return Number(typeof a === "number" ? a : b) < 0 ? 0 : undefined;
    return numbers(a, b, () => 0);
  },
};

function combined({ op, inputs: [a, b] }: GraphNode, tokens: Tokens): ReferenceTensor | undefined {
  const rule = arithmetic[op.name];
  const left = rule && a && tensorOf(a, tokens);
  const right = rule && b && tensorOf(b, tokens);
  if (!rule || !left || !right) return undefined;
  let isKnown = true;
  const result = zipTensors(left, right, (x, y) => {
    const dim = rule(tokens.dimOf(x), tokens.dimOf(y));
    if (dim === undefined) isKnown = false;
    return tokens.of(dim ?? 0);
  });
  return isKnown ? result : undefined;
}

/** Products of products grow without end: no exporter writes long ones. */
const isSize = (dim: Dim) => (typeof dim === "string" ? dim.length <= 200 : Number.isSafeInteger(dim) && dim > 0);

const floored = (a: Dim, b: Dim) => (b === 0 ? undefined : numbers(a, b, (x, y) => Math.trunc(x / y)));

function numbers(a: Dim, b: Dim, compute: (a: number, b: number) => number): number | undefined {
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  const result = compute(a, b);
  return Number.isSafeInteger(result) ? result : undefined;
}
