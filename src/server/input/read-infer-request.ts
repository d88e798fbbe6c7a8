/** Requests of the Open Inference Protocol, in JSON and with its binary tensor extension. */
import { AppError } from "../../base/errors.ts";
import type { Recipe } from "../../image/recipe.ts";
import { openInferenceRoutes } from "../contract/open-inference-routes.ts";
import { compileCheck } from "../http/validate.ts";
import { nameOfKind } from "./nested-array.ts";
import { parseJson } from "./parse-json.ts";
import type { PictureInput } from "./picture-input.ts";
import { picturesFromTensor, type RequestTensor } from "./tensor-input.ts";
import { type InferBody, type WantedOutput, wantedOutputs } from "./wanted-outputs.ts";

export interface InferRequest {
  readonly id: string | undefined;
  /** Microseconds that the answer may take, where the request says it. */
  readonly timeout: number | undefined;
  readonly outputs: readonly WantedOutput[];
  readonly pictures: readonly PictureInput[];
}

export interface InferBodyOptions {
  /** The header `inference-header-content-length`. */
  readonly headerLength: string | undefined;
  /** Of the model that is asked. */
  readonly recipe: Recipe;
  /** The number of pictures that a request may hold. */
  readonly limit: number;
}

/** Of the binary tensor extension: the length of the JSON before the tensors. */
export const headerLengthName = "inference-header-content-length";

const checkInferRequest = compileCheck(openInferenceRoutes.v2Infer.body["application/json"], "body");

/** Errors: REQUEST_INVALID, REQUEST_TOO_LARGE. */
export function readInferRequest(body: Uint8Array, { headerLength, recipe, limit }: InferBodyOptions): InferRequest {
  const { head, tail } = partBody(body, headerLength);
  refuseUnknown(head);
  const inputs = takeBinaryInputs(head, tail);
  if (inputs.length !== 1) throw invalid("one input, 'pictures'", `${inputs.length} inputs`);
  const outputs = wantedOutputs(head);
  const pictures = picturesFromTensor(inputs[0]!, recipe, limit);
  return { id: head.id, timeout: timeoutFrom(head.parameters?.timeout), outputs, pictures };
}

/** How much of a body `readInferRequest` looks at: only the JSON before binary tensors. */
export function parsedInferBytes(body: Uint8Array, { headerLength }: InferBodyOptions): number {
  return Math.min(Number(headerLength ?? body.length) || 0, body.length);
}

/** Triton's parameter, in microseconds; 0 is none. */
function timeoutFrom(timeout: unknown): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined;
  if (typeof timeout === "number" && timeout > 0) return timeout;
  throw invalid(
    "microseconds from 0 in the parameter timeout",
    typeof timeout === "number" ? String(timeout) : nameOfKind(timeout),
  );
}

/** What Triton's clients may ask for that would change the answer: refused, never passed over. */
const unknownParameters = {
  sequence_id: "a request that is no part of a sequence",
  shared_memory_region: "tensors in the request itself",
} as const;

function refuseUnknown({ inputs, outputs = [], parameters }: InferBody): void {
  for (const one of [parameters, ...[...inputs, ...outputs].map(({ parameters: own }) => own)]) {
    for (const [name, required] of Object.entries(unknownParameters)) {
      if (one?.[name] !== undefined) throw invalid(required, `the parameter ${name}`);
    }
  }
}

/** The JSON object, and the bytes behind it. */
function partBody(bytes: Uint8Array, header: string | undefined) {
  const length = header === undefined ? bytes.length : Number(header);
  if (!Number.isInteger(length) || length < 0 || length > bytes.length) {
    throw invalid(`a number up to the body's ${bytes.length} bytes in ${headerLengthName}`, JSON.stringify(header));
  }
  return { head: checkInferRequest(parseJson(bytes.subarray(0, length))), tail: bytes.subarray(length) };
}

/** Gives each binary input its bytes, in the order of the inputs. */
function takeBinaryInputs({ inputs }: InferBody, tail: Uint8Array): readonly RequestTensor[] {
  let at = 0;
  const tensors = inputs.map((input): RequestTensor => {
    const size = input.parameters?.binary_data_size;
    if (size === undefined) return input as RequestTensor; // data is optional in both; an undefined one never stands in JSON
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || at + size > tail.length) {
      throw invalid("a binary_data_size within the body", typeof size === "number" ? String(size) : nameOfKind(size));
    }
    const bytes = tail.subarray(at, at + size);
    at += size;
    return { name: input.name, shape: input.shape, datatype: input.datatype, bytes };
  });
  if (at !== tail.length) throw invalid(`${at} bytes of tensors, as binary_data_size says`, `${tail.length} bytes`);
  return tensors;
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where: "body" });
}
