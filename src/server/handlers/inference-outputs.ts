/**
 * The outputs of the Open Inference Protocol: which are wanted, and in which form. With Triton's
 * classification extension an output is the names of its largest values.
 */
import { AppError } from "../../base/errors.ts";
import { indexesOfLargest } from "../../metrics/classification-metrics.ts";
import type { openInferenceRoutes } from "../contract/open-inference-routes.ts";
import type { BodyOf } from "../contract/route.ts";
import { nameOfKind } from "../input/nested-array.ts";

type InferBody = BodyOf<(typeof openInferenceRoutes)["v2Infer"]>;

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

/** An output as JSON, or its JSON and the bytes behind it. */
export interface OutputTensor {
  readonly tensor: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly datatype: string;
    readonly data?: readonly (number | string)[];
    readonly parameters?: { readonly binary_data_size: number };
  };
  readonly bytes?: Uint8Array;
}

/** `values` is float32 `[n, labels]`. */
export function outputTensor(
  { name, isBinary, classes }: WantedOutput,
  values: Float32Array,
  labels: readonly string[],
): OutputTensor {
  const rows = values.length / labels.length;
  const perRow = classes === 0 ? labels.length : Math.min(classes, labels.length);
  const facts = { name, shape: [rows, perRow], datatype: classes === 0 ? "FP32" : "BYTES" };
  if (classes === 0) {
    if (!isBinary) return { tensor: { ...facts, data: Array.from(values) } };
    return withBytes(facts, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const texts: string[] = [];
  for (let start = 0; start < values.length; start += labels.length) {
    const row = values.subarray(start, start + labels.length);
    // Six decimals, as Triton writes them.
    for (const index of indexesOfLargest(row, perRow))
      texts.push(`${row[index]!.toFixed(6)}:${index}:${labels[index]}`);
  }
  return isBinary ? withBytes(facts, lengthPrefixed(texts)) : { tensor: { ...facts, data: texts } };
}

function withBytes(facts: Omit<OutputTensor["tensor"], "data" | "parameters">, bytes: Uint8Array): OutputTensor {
  return { tensor: { ...facts, parameters: { binary_data_size: bytes.length } }, bytes };
}

/** Every text behind its length, 32 bits little-endian. */
function lengthPrefixed(texts: readonly string[]): Uint8Array {
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat(parts);
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where: "outputs" });
}
