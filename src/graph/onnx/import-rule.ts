/** What a rule reads a node of ONNX by. */
import type { Attributes } from "../op.ts";
import type { Value } from "../value.ts";

/** A node that is read. */
export interface ImportedNode {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  /** The version of ONNX's operator set. */
  readonly version: number;
  /** How many outputs the file uses, up to the last. */
  readonly outputs: number;
  /** How many elements may be made of a node that computes from constants. */
  readonly room: number;
}

/** The node's outputs; `undefined` where this form is none that the rule knows. */
export type Rule = (node: ImportedNode, x: Value) => readonly Value[] | undefined;

/** A rule of one output. */
export const one =
  (compute: (x: Value, node: ImportedNode) => Value | undefined): Rule =>
  (node, x) => {
    const y = compute(x, node);
    return y && [y];
  };

/** The numbers of an input; `undefined` where it is left out or computed when the graph runs. */
export function numbersOf(value: Value | undefined): readonly number[] | undefined {
  return value?.producer.kind === "constant" ? Array.from(value.producer.tensor.data, Number) : undefined;
}
