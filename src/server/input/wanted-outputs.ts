/** Which outputs a request of the Open Inference Protocol wants, and in which form. */
import { AppError } from "../../base/errors.ts";
import type { openInferenceRoutes } from "../contract/open-inference-routes.ts";
import type { BodyOf } from "../contract/route.ts";
import { nameOfKind } from "./nested-array.ts";

export type InferBody = BodyOf<(typeof openInferenceRoutes)["v2Infer"]>;

export const outputNames = ["logits", "probabilities"] as const;
type OutputName = (typeof outputNames)[number];

export interface WantedOutput {
  readonly name: OutputName;
  /** As bytes behind the JSON. */
  readonly isBinary: boolean;
  /** How many of the largest values are named; 0 for the tensor itself. */
  readonly classes: number;
}

/** Errors: REQUEST_INVALID. */
export function wantedOutputs({ outputs, parameters }: InferBody): readonly WantedOutput[] {
  const allBinary = parameters?.binary_data_output === true;
  if (outputs === undefined || outputs.length === 0) {
    return outputNames.map((name) => ({ name, isBinary: allBinary, classes: 0 }));
  }
  const names = new Set(outputs.map(({ name }) => name));
  if (names.size < outputs.length) throw invalid("each output once", "an output twice");
  return outputs.map(({ name, parameters: own = {} }) => {
    const known = outputNames.find((output) => output === name);
    if (known === undefined) throw invalid(`outputs among ${outputNames.join(", ")}`, `'${name.slice(0, 80)}'`);
    const isBinary = typeof own.binary_data === "boolean" ? own.binary_data : allBinary;
    return { name: known, isBinary, classes: classCountFrom(own.classification) };
  });
}

function classCountFrom(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw invalid(
    "a whole number from 0 in the parameter classification",
    typeof value === "number" ? String(value) : nameOfKind(value),
  );
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where: "outputs" });
}
