/**
 * A training on disk: one safetensors file with every weight under its own name and all that is
 * needed to go on.
 */
import { type Static, Type } from "typebox";
import { AppError, isAppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { formatShape, sameShape } from "../../graph/tensor-type.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { layoutOf, type Model } from "../../nn/inference-graph.ts";
import type { ParameterLayout, Slot } from "../../nn/parameter-layout.ts";
import type { Snapshot } from "../fit/fit-options.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "./safetensors.ts";

export interface Checkpoint {
  readonly model: Model;
  /** `Optimizer.name`, settings included. */
  readonly optimizer: string;
  /** Whatever else decides the weights, as JSON: who goes on must have the same. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly snapshot: Snapshot;
}

const format = 3;
const metadataKey = "pawprint.checkpoint";
const bestPrefix = "best.";
const averagePrefix = "average.";
const optimizerPrefix = "optimizer.";

const count = Type.Integer({ minimum: 0 });
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
  format: Type.Literal(format),
  architecture: Type.String(),
  options: Type.Record(Type.String(), Type.Unknown()),
  size: Type.Object({ height: Type.Integer(), width: Type.Integer(), channels: Type.Integer() }),
  normalization: Type.Object({ mean: Type.Array(Type.Number()), std: Type.Array(Type.Number()) }),
  labels: Type.Array(Type.String(), { minItems: 1 }),
  optimizer: Type.String(),
  settings: Type.Record(Type.String(), Type.Unknown()),
  epoch: count,
  step: count,
  position: Type.Object({ batches: count, lossSum: Type.Number(), correct: count }),
  elapsedMs: Type.Number({ minimum: 0 }),
  epochStartedMs: Type.Number({ minimum: 0 }),
  validationMs: Type.Number({ minimum: 0 }),
  history: Type.Array(epochSchema),
  best: Type.Optional(Type.Object({ epoch: count, validationAccuracy: Type.Number(), validationLoss: Type.Number() })),
});
type Head = Static<typeof headSchema>;

/**
 * Writes a checkpoint whole or not at all, in the place of an older one. Throws FILE_WRITE_FAILED.
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomic(path, encodeCheckpoint(checkpoint), { force: true });
}

/** Throws FILE_NOT_FOUND, FILE_READ_FAILED or CHECKPOINT_INVALID. */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readBytes(path);
  return decodeCheckpoint(bytes, path);
}

export function encodeCheckpoint({ model, optimizer, settings, snapshot }: Checkpoint): Uint8Array {
  const layout = layoutOf(model);
  const { state, best } = snapshot;
  const head: Head = {
    format,
    architecture: model.network.architecture,
    options: { ...model.network.options },
    size: { height: model.size.height, width: model.size.width, channels: model.size.channels },
    normalization: { mean: [...model.normalization.mean], std: [...model.normalization.std] },
    labels: [...model.labels],
    optimizer,
    settings: { ...settings },
    epoch: snapshot.epoch,
    step: snapshot.step,
    position: { ...snapshot.position },
    elapsedMs: snapshot.elapsedMs,
    epochStartedMs: snapshot.epochStartedMs,
    validationMs: snapshot.validationMs,
    history: [...snapshot.history],
    ...(best
      ? {
          best: { epoch: best.epoch, validationAccuracy: best.validationAccuracy, validationLoss: best.validationLoss },
        }
      : {}),
  };
  const none = new Float32Array(0);
  const { "average.parameters": average, "average.statistics": averageStatistics = none } = state;
  const tensors = [
    ...named(layout, state.parameters!, state.statistics ?? none, ""),
    ...(average ? named(layout, average, averageStatistics, averagePrefix) : []),
    ...Object.entries(state)
      .filter(([name]) => name.startsWith(optimizerPrefix))
      .map(([name, data]) => ({ name, shape: [data.length], data })),
    ...(best ? named(layout, best.parameters, best.statistics, bestPrefix) : []),
  ];
  return encodeSafetensors(tensors, { [metadataKey]: JSON.stringify(head) });
}

/** Throws CHECKPOINT_INVALID for bytes that are no whole checkpoint of this format. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const head = parseHead(metadata[metadataKey], where);
  const { size, normalization, labels, settings, epoch, step, position, history } = head;
  const { elapsedMs, epochStartedMs, validationMs } = head;
  const model = { network: networkOf(head, where), size, normalization, labels };
  const layout = layoutOf(model);
  const optimizerVectors = [...tensors.values()].filter(({ name }) => name.startsWith(optimizerPrefix));
  const weights = (prefix: string) => ({
    parameters: gather(tensors, layout.parameters, layout.parameterCount, prefix, where),
    statistics: gather(tensors, layout.statistics, layout.statisticCount, prefix, where),
  });
  const stateOf = (prefix: string) =>
    Object.entries(weights(prefix)).flatMap(([name, vector]) =>
      vector.length > 0 ? [[`${prefix}${name}`, vector] as const] : [],
    );
  const hasAverages = [...tensors.keys()].some((name) => name.startsWith(averagePrefix));
  const state = Object.fromEntries([
    ...stateOf(""),
    ...(hasAverages ? stateOf(averagePrefix) : []),
    ...optimizerVectors.map(({ name, data }) => [name, data] as const),
  ]);
  const best = head.best && { ...head.best, ...weights(bestPrefix) };
  const snapshot = { epoch, step, position, elapsedMs, epochStartedMs, validationMs, state, history, best };
  return { model, optimizer: head.optimizer, settings, snapshot };
}

function named(
  layout: ParameterLayout,
  parameters: Float32Array,
  statistics: Float32Array,
  prefix: string,
): readonly NamedTensor[] {
  const cut = (vector: Float32Array) => (slot: Slot) => ({
    name: prefix + slot.name,
    shape: slot.shape,
    data: vector.subarray(slot.offset, slot.offset + slot.size),
  });
  return [...layout.parameters.map(cut(parameters)), ...layout.statistics.map(cut(statistics))];
}

function gather(
  tensors: ReadonlyMap<string, NamedTensor>,
  slots: readonly Slot[],
  length: number,
  prefix: string,
  where: string,
): Float32Array {
  const vector = new Float32Array(length);
  for (const { name, shape, offset } of slots) {
    const tensor = tensors.get(prefix + name);
    if (!tensor || !sameShape(tensor.shape, shape)) {
      const received = tensor ? formatShape(tensor.shape) : "none";
      throw invalid(`tensor '${prefix + name}' of shape ${formatShape(shape)}`, received, where);
    }
    vector.set(tensor.data, offset);
  }
  return vector;
}

function parseHead(text: string | undefined, where: string): Head {
  if (text === undefined) throw invalid(`a training's own header, '${metadataKey}'`, "a file without it", where);
  const value = parseJson(text, where);
  const fault = schemaFault(headSchema, value);
  if (fault) throw invalid(`${expectedOf(fault, "")} in its header`, fault.received, where);
  return value as Head; // checked against its schema in the line above
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("a header in JSON", "other text", where, cause);
  }
}

/**
 * An architecture that this version no longer knows, or takes other options for, makes the
 * checkpoint unusable.
 */
function networkOf({ architecture, options }: Head, where: string) {
  try {
    return createNetwork(architecture, options);
  } catch (cause) {
    if (!isAppError(cause)) throw cause;
    throw invalid("a checkpoint of an architecture of this version", cause.message, where, cause);
  }
}

function invalid(required: string, received: string, where: string, cause?: unknown): AppError {
  return new AppError("CHECKPOINT_INVALID", { required, received, where, ...(cause === undefined ? {} : { cause }) });
}
