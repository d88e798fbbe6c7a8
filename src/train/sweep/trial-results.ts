/**
 * What trials that run on several machines leave below one address: the sweep's file, and for each
 * trial a bundle and, written last, its result. A result is there whole or not at all.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Static, Type } from "typebox";
import { jsonFaultOf, parseBoundedJson } from "../../base/bounded-json.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { sha256File } from "../../base/hash.ts";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { type ObjectStore, readBytesOf, type StoreCallOptions } from "../../storage/object-store.ts";
import { type RunSweepOptions, runOne, trialName } from "./run-sweep.ts";
import { parseSweep, type Sweep } from "./sweep-config.ts";
import { isSettled, ranked, type TrialResult, trialConfig } from "./trial.ts";

/** The bundle of a trial that finished, as its result describes it. */
export type LeftBundle = Static<typeof bundleSchema>;

/** A trial's result with its bundle, which a trial that failed does not have. */
export interface LeftTrial {
  readonly result: TrialResult;
  readonly bundle?: LeftBundle;
}

export interface LeaveTrialOptions extends Pick<RunSweepOptions, "runTrial" | "signal"> {
  readonly store: ObjectStore;
  readonly sweep: Sweep;
  /** The file that `sweep` was read from. */
  readonly text: string;
  readonly trial: number;
  /** Where it is trained; `model.onnx` there is its bundle. */
  readonly folder: string;
}

export interface CollectedSweep {
  readonly sweep: Sweep;
  /** The best first, failed ones last. */
  readonly trials: readonly LeftTrial[];
  /** Numbers of trials that left nothing, ascending. */
  readonly missing: readonly number[];
}

const sweepKey = "sweep.yaml";
/** More than any result or file of a sweep has. */
const largestBytes = 2 ** 20;

const bundleSchema = Type.Object({
  /** Key within the store. */
  key: Type.String(),
  sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  sizeBytes: Type.Integer({ minimum: 1 }),
});
const settingsOf = {
  trial: Type.Integer({ minimum: 0 }),
  epochs: Type.Integer({ minimum: 1 }),
  drawn: Type.Record(Type.String(), Type.Unknown()),
  settings: Type.Record(Type.String(), Type.Unknown()),
};
const finishedSchema = Type.Object({
  ...settingsOf,
  validationAccuracy: Type.Number({ minimum: 0, maximum: 1 }),
  validationLoss: Type.Number({ minimum: 0 }),
  bestEpoch: Type.Integer({ minimum: 1 }),
  durationMs: Type.Number({ minimum: 0 }),
  runId: Type.Optional(Type.String({ pattern: "^[\\w-]{1,64}$" })),
  bundle: bundleSchema,
});
const failedSchema = Type.Object({
  ...settingsOf,
  error: Type.Object({ code: Type.String({ pattern: "^[A-Z][A-Z0-9_]*$" }), message: Type.String() }),
});

/**
 * Refuses a sweep whose trials depend on each other. Errors: CONFIG_INVALID; `where` names the file.
 */
export function requireIndependentTrials({ method }: Sweep, where: string): void {
  if (method === "random") return;
  throw new AppError("CONFIG_INVALID", {
    required: "method random, whose trials need no results of others, for trials in pods of their own",
    received: `${method}, which chooses the trials of a round by the results of the round before`,
    where: `${where} method`,
    hint: "set method: random, or run the whole sweep in one place: pawprint sweep FILE",
  });
}

/**
 * Runs one trial and leaves its result, unless it is there. A failure is a result too; one that
 * another attempt may not meet is replaced by the next attempt's.
 * Errors: CONFIG_INVALID for trials that depend on each other, a number that the sweep does not have
 * or a store with another sweep's results; TRIAL_RESULT_INVALID; INTERRUPTED, with nothing left;
 * those of the store.
 */
export async function leaveTrial(options: LeaveTrialOptions): Promise<LeftTrial & { readonly isReused: boolean }> {
  const { store, sweep, trial, folder, signal } = options;
  const call = signal === undefined ? {} : { signal };
  requireIndependentTrials(sweep, sweepKey);
  if (trial >= sweep.trials) {
    throw new AppError("CONFIG_INVALID", {
      required: `a trial from 0 to ${sweep.trials - 1}, those of the sweep`,
      received: `${trial}`,
    });
  }
  await requireSameSweep(options);
  const before = await readTrial(store, sweep, trial, call);
  if (before && isSettled(before.result)) return { ...before, isReused: true };
  const name = trialName(trial, sweep.epochs);
  const place = join(folder, name);
  const result = await runOne(options, trialConfig(sweep, trial, sweep.epochs), place);
  const bundle = result.error ? undefined : await leaveBundle(store, name, join(place, "model.onnx"), call);
  const left = { result, ...(bundle && { bundle }) };
  await store.write(resultKey(name), jsonBytes({ ...result, ...(bundle && { bundle }) }), call);
  return { ...left, isReused: false };
}

/**
 * All that the trials of a sweep left. Errors: FILE_NOT_FOUND where nothing is there;
 * TRIAL_RESULT_INVALID for a damaged result, one of another sweep, or one whose bundle is not there;
 * those of `parseSweep` and of the store.
 */
export async function collectTrials(store: ObjectStore, options: StoreCallOptions = {}): Promise<CollectedSweep> {
  const sweep = await readSweep(store, options);
  if (sweep === undefined) {
    throw new AppError("FILE_NOT_FOUND", {
      required: "what the pods of a sweep left",
      received: "an address without one",
      where: store.addressOf(sweepKey),
      hint: "each pod writes that object when it starts: look at the address, and at the Job's pods",
    });
  }
  requireIndependentTrials(sweep, store.addressOf(sweepKey));
  const numbers = Array.from({ length: sweep.trials }, (_, trial) => trial);
  const known = new Map(numbers.map((trial) => [resultKey(trialName(trial, sweep.epochs)), trial]));
  const found = new Set<number>();
  for await (const { key } of store.list("trial-", options)) {
    if (!key.endsWith("/result.json")) continue;
    const trial = known.get(key);
    if (trial === undefined) throw invalid(store.addressOf(key), "the name of no trial of it");
    found.add(trial);
  }
  const trials: LeftTrial[] = [];
  for (const trial of found) {
    const left = await readTrial(store, sweep, trial, options);
    if (left !== undefined) trials.push(left);
  }
  const byTrial = new Map(trials.map((left) => [left.result.trial, left]));
  return {
    sweep,
    trials: ranked(trials.map(({ result }) => result)).map(({ trial }) => byTrial.get(trial)!),
    missing: numbers.filter((trial) => !byTrial.has(trial)),
  };
}

function resultKey(name: string): string {
  return `${name}/result.json`;
}

/** Named for its content: two attempts at one trial never replace each other's bundle. */
function bundleKey(name: string, sha256: string): string {
  return `${name}/model-${sha256.slice(0, 16)}.onnx`;
}

async function leaveBundle(
  store: ObjectStore,
  name: string,
  file: string,
  call: StoreCallOptions,
): Promise<LeftBundle> {
  const sha256 = await sha256File(file, call.signal);
  const key = bundleKey(name, sha256);
  const { sizeBytes } = await store.write(key, { file }, call);
  return { key, sha256, sizeBytes };
}

/** The first pod leaves the sweep's file; the others compare theirs with it. */
async function requireSameSweep({ store, sweep, text, signal }: LeaveTrialOptions): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  let there = await readSweep(store, call);
  if (there === undefined) {
    try {
      await store.write(sweepKey, new TextEncoder().encode(text), { only: "absent", ...call });
      return;
    } catch (error) {
      if (!isAppError(error, "STORE_CONFLICT")) throw error;
      there = await readSweep(store, call);
    }
  }
  if (isDeepStrictEqual(there, sweep)) return;
  throw new AppError("CONFIG_INVALID", {
    required: "an address with results of this sweep, or with none",
    received: "results of another sweep, or of an earlier version of its file",
    where: store.addressOf(""),
    hint: "choose another address, or delete the objects below this one",
  });
}

async function readSweep(store: ObjectStore, options: StoreCallOptions): Promise<Sweep | undefined> {
  const bytes = await readObject(store, sweepKey, options);
  return bytes && parseSweep(new TextDecoder().decode(bytes), store.addressOf(sweepKey));
}

/** Undefined where the trial left nothing. */
async function readTrial(
  store: ObjectStore,
  sweep: Sweep,
  trial: number,
  options: StoreCallOptions,
): Promise<LeftTrial | undefined> {
  const name = trialName(trial, sweep.epochs);
  const key = resultKey(name);
  const where = store.addressOf(key);
  const bytes = await readObject(store, key, options);
  if (bytes === undefined) return undefined;
  const value = parse(bytes, where);
  const isFailed = typeof value === "object" && value !== null && "error" in value;
  const schema = isFailed ? failedSchema : finishedSchema;
  if (!matchesSchema(schema, value)) {
    const fault = schemaFault(schema, value)!; // it does not match
    throw invalid(where, `${fault.received} in place of ${expectedOf(fault, "")}`);
  }
  // What the number decides tells results of other sweeps apart, also of an earlier file.
  const { settings, drawn, epochs } = trialConfig(sweep, trial, sweep.epochs);
  const { settings: itsSettings, drawn: itsDrawn } = value;
  const isOwn = value.trial === trial && value.epochs === epochs;
  if (!isOwn || !isDeepStrictEqual([itsSettings, itsDrawn], [settings, drawn])) {
    throw invalid(where, "settings that this sweep does not draw for the trial");
  }
  if (!("bundle" in value)) return { result: value as TrialResult }; // its schema's, as checked above
  const { bundle, ...result } = value;
  if (bundle.key !== bundleKey(name, bundle.sha256)) throw invalid(where, "a bundle of another name");
  const there = await store.head(bundle.key, options);
  if (there?.sizeBytes !== bundle.sizeBytes) {
    const size = there === undefined ? "no bundle" : `a bundle of ${there.sizeBytes} bytes`;
    throw invalid(where, `${size} in place of ${bundle.key} with ${bundle.sizeBytes} bytes`);
  }
  return { result: result as TrialResult, bundle }; // its schema's, as checked above
}

function parse(bytes: Uint8Array, where: string): unknown {
  try {
    return parseBoundedJson(bytes);
  } catch (error) {
    throw invalid(where, jsonFaultOf(error));
  }
}

/** Undefined where there is no such object. Errors: TRIAL_RESULT_INVALID for a very large one. */
async function readObject(store: ObjectStore, key: string, options: StoreCallOptions): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readBytesOf(store, key, { ...options, range: { start: 0, end: largestBytes + 1 } });
    if (bytes.byteLength <= largestBytes) return bytes;
  } catch (error) {
    if (isAppError(error, "FILE_NOT_FOUND")) return undefined;
    throw error;
  }
  throw invalid(store.addressOf(key), `more than ${largestBytes} bytes`);
}

function jsonBytes(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

function invalid(where: string, received: string): AppError {
  return new AppError("TRIAL_RESULT_INVALID", {
    required: "a result that a trial of this sweep left",
    received,
    where,
    hint: "delete that object and run its trial again, or give each sweep an address of its own",
  });
}
