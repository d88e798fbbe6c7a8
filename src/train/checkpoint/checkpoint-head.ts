/** The JSON header of a checkpoint: its training, and the progress of that. */
import { type Static, Type } from "typebox";
import { jsonFaultOf, parseBoundedJson } from "../../base/bounded-json.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { transferArchitecture } from "../../nn/backbones/transfer-network.ts";
import { layoutOf, type Model } from "../../nn/inference-graph.ts";
import type { ParameterLayout } from "../../nn/parameter-layout.ts";
import { trainingRunSchema } from "../training-run.ts";

export const checkpointFormat = 4;

const count = Type.Integer({ minimum: 0 });
/** As a recipe's. */
const side = Type.Integer({ minimum: 1, maximum: 4096 });
const duration = Type.Number({ minimum: 0 });
const epochSchema = Type.Object({
  epoch: count,
  trainLoss: Type.Number(),
  trainAccuracy: Type.Number(),
  validationLoss: Type.Number(),
  validationAccuracy: Type.Number(),
  learningRate: Type.Number(),
  imagesPerSecond: Type.Number(),
  durationMs: Type.Number(),
});
const headSchema = Type.Object({
  format: Type.Literal(checkpointFormat),
  run: trainingRunSchema,
  architecture: Type.String(),
  options: Type.Record(Type.String(), Type.Unknown()),
  size: Type.Object({ height: side, width: side, channels: Type.Integer({ minimum: 1, maximum: 4 }) }),
  normalization: Type.Object({ mean: Type.Array(Type.Number()), std: Type.Array(Type.Number()) }),
  labels: Type.Array(Type.String(), { minItems: 1 }),
  optimizer: Type.String(),
  settings: Type.Record(Type.String(), Type.Unknown()),
  epoch: count,
  step: count,
  position: Type.Object({ batches: count, lossSum: Type.Number(), correct: count }),
  elapsedMs: duration,
  epochStartedMs: duration,
  validationMs: duration,
  history: Type.Array(epochSchema),
  best: Type.Optional(Type.Object({ epoch: count, validationAccuracy: Type.Number(), validationLoss: Type.Number() })),
});
export type Head = Static<typeof headSchema>;

/** Throws CHECKPOINT_INVALID for a header of another format. */
export function parseHead(text: string, where: string): Head {
  const value = parseJson(text, where);
  const fault = schemaFault(headSchema, value);
  if (fault) throw invalidCheckpoint(`${expectedOf(fault, "")} in its header`, fault.received, where);
  return value as Head; // checked against its schema in the line above
}

/**
 * The network and its parameters; `known` where it is that of the checkpoint, as of a backbone, which
 * no options alone can make. Throws CHECKPOINT_INVALID for an architecture, options or a size
 * that this version does not have.
 */
export function modelOf(
  head: Head,
  where: string,
  known?: Model,
): { readonly model: Model; readonly layout: ParameterLayout } {
  const { architecture, options, size, normalization, labels } = head;
  const isKnown =
    known?.network.architecture === architecture &&
    JSON.stringify(known.network.options) === JSON.stringify(options) &&
    JSON.stringify(known.labels) === JSON.stringify(labels);
  if (known && isKnown) return { model: { ...known, size, normalization }, layout: layoutOf(known) };
  if (architecture === transferArchitecture) {
    const required = "a checkpoint of the same backbone, layer, head and fine-tuned blocks";
    throw invalidCheckpoint(required, JSON.stringify(options), where);
  }
  try {
    const model = { network: createNetwork(architecture, options), size, normalization, labels };
    return { model, layout: layoutOf(model) };
  } catch (cause) {
    if (!isAppError(cause)) throw cause;
    throw invalidCheckpoint("a checkpoint of an architecture of this version", cause.message, where, cause);
  }
}

export function invalidCheckpoint(required: string, received: string, where: string, cause?: unknown): AppError {
  return new AppError("CHECKPOINT_INVALID", { required, received, where, ...(cause === undefined ? {} : { cause }) });
}

function parseJson(text: string, where: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch (cause) {
    throw invalidCheckpoint("a header in JSON", jsonFaultOf(cause), where, cause);
  }
}
