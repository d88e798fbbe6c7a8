/**
 * What one entry of the op table holds, and the values and nodes that its rules speak of. Adding an
 * op is one call of `defineOp`; the tests find it by walking the table.
 */
import { AppError } from "../base/errors.ts";
import { type Dim, type DType, formatType, type TensorData, type TensorType } from "./tensor-type.ts";

/**
 * Ops of the table take numbers, strings and lists of numbers; imported ops also lists of strings
 * and tensors.
 */
export type AttributeType = "int" | "float" | "string" | "ints" | "floats" | "strings" | "tensor";
export type AttributeValue = number | string | readonly number[] | readonly string[] | TensorData;
/** An op's attributes by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export function isNumberList(value: AttributeValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

/** One tensor of a graph that is being built. */
export interface Value {
  readonly type: TensorType;
  readonly producer: GraphInput | GraphConstant | GraphNode;
  /** Which of its producer's outputs this is; 0 for inputs and constants. */
  readonly index: number;
}

export interface GraphInput {
  readonly kind: "input";
  readonly name: string;
}

export interface GraphConstant {
  readonly kind: "constant";
  readonly tensor: TensorData;
}

/** One application of an op. An optional input that is left out is `undefined`. */
export interface GraphNode {
  readonly kind: "node";
  readonly op: Op;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/**
 * A tensor of the reference executor: always float64 inside, whatever its dtype, so that gradients
 * can be checked to 1e-6.
 */
export interface ReferenceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major elements; integers and booleans (0, 1) are held exactly. */
  readonly data: Float64Array;
}

/** What a gradient rule may use. */
export interface GradientContext {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /**
   * The loss's gradient with respect to each output; `undefined` where the loss does not depend on
   * it.
   */
  readonly outputGradients: readonly (Value | undefined)[];
  readonly attributes: Attributes;
}

/**
 * Gives the loss's gradient with respect to each input, in terms of other ops; `undefined` for an
 * input that has none (an index, a shape). A gradient may still have the broadcast shape of the
 * output: it is summed back centrally.
 */
export type GradientRule = (context: GradientContext) => readonly (Value | undefined)[];

/**
 * One case for the tests that walk the table: input types (values are drawn at random) and
 * attributes.
 */
export interface OpSample {
  readonly inputs: readonly (SampleInput | undefined)[];
  readonly attributes?: Attributes;
}

/**
 * `range` bounds the random values (default -1 to 1); `values` fixes them; `constant` makes the
 * input a graph constant.
 */
export interface SampleInput {
  readonly dtype?: DType;
  readonly shape: readonly number[];
  readonly range?: readonly [low: number, high: number];
  readonly values?: readonly number[];
  readonly constant?: boolean;
}

/**
 * A case of vectors, one for each input, with saturated values, infinities and NaN. Gradients are
 * compared where all of them are finite.
 */
export function extremes(...vectors: readonly (readonly number[])[]): OpSample {
  return { inputs: vectors.map((values) => ({ shape: [values.length], values })) };
}

/** An op: shape rule, gradient rule, reference implementation and samples. */
export interface Op {
  /** ONNX's op type, or for a composite op a name of ours. */
  readonly name: string;
  /** "" for ONNX itself. Ops of other domains appear only in executor-specific rewrites. */
  readonly domain: string;
  /** One line: what it computes, with its formula. */
  readonly doc: string;
  readonly attributeTypes: Readonly<Record<string, AttributeType>>;
  /**
   * Shape rule: the outputs' types, or an AppError (GRAPH_SHAPE, GRAPH_DTYPE, GRAPH_ATTRIBUTE) that
   * says the constraint and what was received. `constants` holds the value of each input that is
   * known while building; `dims` those of vectors of sizes that may be symbols (`knownDims`).
   */
  infer(
    inputs: readonly (TensorType | undefined)[],
    attributes: Attributes,
    constants: readonly (TensorData | undefined)[],
    dims: readonly (readonly Dim[] | undefined)[],
  ): readonly TensorType[];
  /** The gradient rule, or the reason why there is none. */
  readonly gradient: GradientRule | { readonly none: string };
  /**
   * The reference implementation: the same in plain float64 TypeScript, which tests compare engines
   * with.
   */
  reference(inputs: readonly (ReferenceTensor | undefined)[], attributes: Attributes): readonly ReferenceTensor[];
  /**
   * Present on composite ops: the same in standard ONNX ops. Executors may lower such an op in a
   * faster way.
   */
  readonly expand?: (inputs: readonly Value[], attributes: Attributes) => readonly Value[];
  /** Present on ops of imported models that the table does not hold; see `importedOp`. */
  readonly imported?: {
    /** The node's name in the model. */
    readonly node: string;
    /** The version of the domain's operator set. */
    readonly version: number;
    /** The indices of optional outputs that the model leaves out. */
    readonly omitted: readonly number[];
  };
  readonly samples: readonly OpSample[];
}

const table = new Map<string, Op>();

/** Enters an op into the table. */
export function defineOp(op: Omit<Op, "domain" | "attributeTypes"> & Partial<Op>): Op {
  const entry: Op = { domain: "", attributeTypes: {}, ...op };
  const key = `${entry.domain}:${entry.name}`;
  if (table.has(key)) throw new AppError("INTERNAL", { required: "one definition of each op", received: entry.name });
  table.set(key, entry);
  return entry;
}

/** Every op, in the order of definition. Complete once `ops/index.ts` has been imported. */
export function opTable(): readonly Op[] {
  return [...table.values()];
}

export function findOp(name: string, domain = ""): Op | undefined {
  return table.get(`${domain}:${name}`);
}

/**
 * Writes the gradient rule of an op with one output: `dy` is the loss's gradient with respect to
 * that output, `y`.
 */
export function chain(
  rule: (
    context: { readonly dy: Value; readonly y: Value; readonly attributes: Attributes },
    ...inputs: Value[]
  ) => readonly (Value | undefined)[],
): GradientRule {
  return ({ inputs, outputs, outputGradients, attributes }) =>
    // Autodiff asks a rule only where some output has a gradient; here there is but one.
    rule({ dy: outputGradients[0]!, y: outputs[0]!, attributes }, ...inputs);
}

/**
 * The rule of an op that is constant almost everywhere, or that takes no real numbers: nothing
 * flows back.
 */
export const noFlow: GradientRule = () => [];

/** Writes the reference of an op with one output, its inputs by position. */
export function reference(
  compute: (attributes: Attributes, ...inputs: ReferenceTensor[]) => ReferenceTensor,
): Op["reference"] {
  // The shape rule has shown that required inputs are there; optional ones are declared so by
  // `compute` itself.
  return (inputs, attributes) => [compute(attributes, ...(inputs as readonly ReferenceTensor[]))];
}

/** Raises the error of a shape rule: the constraint, then what came. */
export function rejectShape(op: string, constraint: string, inputs: readonly (TensorType | undefined)[]): never {
  throw new AppError("GRAPH_SHAPE", {
    required: `${constraint} for ${op}`,
    received: inputs.map((type) => (type ? formatType(type) : "nothing")).join(" and "),
  });
}
