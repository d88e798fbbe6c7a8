/**
 * Ops of imported models that the op table does not hold, or not in the form that the model uses.
 */
import { AppError } from "../base/errors.ts";
import type { AttributeType, Op } from "./op.ts";
import type { TensorType } from "./tensor-type.ts";

export interface ImportedOp {
  readonly name: string;
  readonly domain: string;
  readonly attributeTypes: Readonly<Record<string, AttributeType>>;
  /** The types of its outputs, as the model declares them. */
  readonly outputs: readonly TensorType[];
  readonly imported: NonNullable<Op["imported"]>;
}

/**
 * An op for one node of an imported model. It can be inspected, encoded unchanged and run by ONNX
 * Runtime; it has no gradient rule and no reference implementation.
 */
export function importedOp({ outputs, ...op }: ImportedOp): Op {
  const what = `${op.domain === "" ? "" : `${op.domain}.`}${op.name} (node '${op.imported.node}')`;
  return {
    ...op,
    doc: "an op of an imported model, run as it is",
    infer: () => outputs,
    gradient: { none: `the imported op ${what}` },
    reference: () => {
      throw new AppError("EXECUTION_FAILED", {
        required: "ops with a reference implementation",
        received: `the imported op ${what}`,
        hint: "run the graph with ONNX Runtime",
      });
    },
    samples: [],
  };
}
