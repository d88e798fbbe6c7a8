/** A training on disk: one safetensors file with every weight under its own name, and its state. */
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { formatShape, sameShape } from "../../graph/tensor-type.ts";
import { layoutOf, type Model } from "../../nn/inference-graph.ts";
import type { ParameterLayout, Slot } from "../../nn/parameter-layout.ts";
import type { Snapshot } from "../fit/fit-options.ts";
import type { TrainingRun } from "../training-run.ts";
import { checkpointFormat, type Head, invalidCheckpoint, modelOf, parseHead } from "./checkpoint-head.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "./safetensors.ts";

export interface Checkpoint {
  readonly run: TrainingRun;
  readonly model: Model;
  /** `Optimizer.name`, settings included. */
  readonly optimizer: string;
  /** All else that decides the weights, as JSON; a resumed training must have the same. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly snapshot: Snapshot;
}

const metadataKey = "pawprint.checkpoint";
const bestPrefix = "best.";
const averagePrefix = "average.";
const optimizerPrefix = "optimizer.";

/** Writes a checkpoint atomically, in place of an older one. Throws FILE_WRITE_FAILED. */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomic(path, encodeCheckpoint(checkpoint), { force: true });
}

/** Throws FILE_NOT_FOUND, FILE_READ_FAILED or CHECKPOINT_INVALID. */
export async function loadCheckpoint(path: string, known?: Model): Promise<Checkpoint> {
  const bytes = await readBytes(path);
  return decodeCheckpoint(bytes, path, known);
}

/** The run that a checkpoint is of. Errors: as `loadCheckpoint`. */
export async function checkpointRun(path: string): Promise<TrainingRun> {
  return readHead(decodeSafetensors(await readBytes(path), path).metadata, path).run;
}

function readHead(metadata: Readonly<Record<string, string>>, where: string): Head {
  const text = metadata[metadataKey];
  if (text === undefined) throw invalidCheckpoint(`a header '${metadataKey}'`, "a file without it", where);
  return parseHead(text, where);
}

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const layout = layoutOf(checkpoint.model);
  const { state, best } = checkpoint.snapshot;
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
  return encodeSafetensors(tensors, { [metadataKey]: JSON.stringify(headOf(checkpoint)) });
}

/**
 * `known` is the model that training goes on with, where its options alone do not make it.
 * Throws CHECKPOINT_INVALID for bytes that are not a complete checkpoint of this format.
 */
export function decodeCheckpoint(bytes: Uint8Array, where: string, known?: Model): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const head = readHead(metadata, where);
  const { model, layout } = modelOf(head, where, known);
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
  const { run, optimizer, settings, epoch, step, position, elapsedMs, epochStartedMs, validationMs, history } = head;
  const snapshot = { epoch, step, position, elapsedMs, epochStartedMs, validationMs, state, history, best };
  return { run, model, optimizer, settings, snapshot };
}

function headOf({ run, model, optimizer, settings, snapshot }: Checkpoint): Head {
  const { network, size, normalization, labels } = model;
  const { state: _, best, history, ...progress } = snapshot;
  return {
    format: checkpointFormat,
    run,
    architecture: network.architecture,
    options: { ...network.options },
    size: { height: size.height, width: size.width, channels: size.channels },
    normalization: { mean: [...normalization.mean], std: [...normalization.std] },
    labels: [...labels],
    optimizer,
    settings: { ...settings },
    ...progress,
    history: [...history],
    ...(best && {
      best: { epoch: best.epoch, validationAccuracy: best.validationAccuracy, validationLoss: best.validationLoss },
    }),
  };
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
  // What the header describes is held against the file before there is memory for it.
  const parts = slots.map(({ name, shape, offset }) => {
    const tensor = tensors.get(prefix + name);
    if (tensor && sameShape(tensor.shape, shape)) return { data: tensor.data, offset };
    const received = tensor ? formatShape(tensor.shape) : "none";
    throw invalidCheckpoint(`tensor '${prefix + name}' of shape ${formatShape(shape)}`, received, where);
  });
  const vector = new Float32Array(length);
  for (const { data, offset } of parts) vector.set(data, offset);
  return vector;
}
