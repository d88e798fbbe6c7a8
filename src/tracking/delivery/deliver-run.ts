/**
 * Brings one run of any store to another. Nothing is kept of what was delivered: the difference to
 * what the target has is sent, so that a delivery which was ended anywhere can be repeated.
 */
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { DatasetInput, MetricPoint, Run } from "../run.ts";
import type { RunStore } from "../run-store.ts";
import { deliverFiles } from "./deliver-files.ts";
import { deliverModels } from "./deliver-models.ts";
import {
  batchPoints,
  type Delivery,
  type DeliveryOptions,
  type DeliveryProblem,
  type DeliverySource,
  type DeliveryWork,
  fileOptions,
} from "./delivery.ts";
import { KnownIds, originOf, originTags } from "./known-ids.ts";
import { missingPoints } from "./missing-points.ts";

/**
 * Delivers the run as far as it is: one that still runs can be delivered again. Errors: those of
 * both stores, except what the target refuses of a part, which are its `problems`; INTERRUPTED.
 */
export async function deliverRun(
  from: DeliverySource,
  runId: string,
  to: RunStore,
  options: DeliveryOptions = {},
): Promise<Delivery> {
  const ids = options.ids ?? new KnownIds(to);
  const source = await from.getRun(runId);
  const found = await ids.findRun([source.id, originOf(source)]);
  const target = found ?? (await createTarget(from, source, to, ids));
  ids.set(source.id, target.id);
  const problems: DeliveryProblem[] = [];
  const count = { points: 0, params: 0, tags: 0, inputs: 0, files: 0, bytes: 0, models: 0 };
  const attempt = async (what: string, part: () => Promise<void>): Promise<void> => {
    throwIfCancelled(options.signal);
    await part().catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
      problems.push({ what, error });
    });
  };
  const loggedKeys = new Set<string>();
  const work = { from, to, source, target, isNew: found === undefined, ids, options, count, attempt, loggedKeys };
  if (target.lifecycle === "deleted") problems.push({ what: "run", error: deletedThere(to, target.id) });
  else await deliverParts(work);
  return { runId: source.id, targetId: target.id, name: source.name, isNew: work.isNew, ...count, problems };
}

/** Whether the target refuses it for good, and the rest of a run can still be delivered. */
function isRefusal(error: unknown): error is AppError {
  if (!isAppError(error) || error.kind === "unavailable" || error.kind === "internal") return false;
  return !(["TRACKING_REFUSED", "TRACKING_ANSWER_INVALID", "INTERRUPTED"] as const).some((code) => error.code === code);
}

async function createTarget(from: DeliverySource, source: Run, to: RunStore, ids: KnownIds): Promise<Run> {
  const experiments = await from.listExperiments("all");
  const name = experiments.find(({ id }) => id === source.experimentId)?.name ?? "Default";
  const { id: experimentId } = await to.ensureExperiment(name);
  const { name: runName, startedMs } = source;
  const keepsId = !to.givesRunIds;
  const tags = new Map([...(await targetTags(source, ids))].filter(([key]) => key.startsWith("mlflow.")));
  // By this tag the run is found again where the answer to its creation is lost.
  if (!keepsId || originOf(source) !== source.id) tags.set(originTags.run, originOf(source));
  return to.createRun({ experimentId, name: runName, startedMs, tags, ...(keepsId && { id: source.id }) });
}

/** The status comes last where the run has ended, so that a run which is whole shows it. */
async function deliverParts(work: DeliveryWork): Promise<void> {
  const { source, options, attempt } = work;
  const hasEnded = source.status !== "RUNNING" && source.status !== "SCHEDULED";
  if (!hasEnded) await attempt("status", () => deliverStatus(work, hasEnded));
  await attempt("parameters", () => deliverParams(work));
  await attempt("dataset inputs", () => deliverInputs(work));
  if (options.files !== "none") {
    await deliverRunFiles(work);
    await deliverModels(work);
  }
  if (options.metrics !== false) await attempt("metrics", () => deliverMetrics(work));
  await attempt("tags", () => deliverTags(work));
  if (hasEnded) await attempt("status", () => deliverStatus(work, hasEnded));
}

async function deliverStatus({ source, target, to }: DeliveryWork, hasEnded: boolean): Promise<void> {
  const { status, name } = source;
  const endedMs = hasEnded ? (source.endedMs ?? lastTimeOf(source)) : undefined;
  // A store shows a run whose process is gone as KILLED, but keeps it as RUNNING, without an end.
  const isThere =
    target.status === status &&
    (target.endedMs === endedMs || (source.endedMs === undefined && target.endedMs !== undefined));
  if (isThere && target.name === name) return;
  await to.updateRun(target.id, {
    ...(!isThere && { status }),
    ...(!isThere && endedMs !== undefined && { endedMs }),
    ...(target.name !== name && { name }),
  });
}

/** Of a run that was killed: when it was last heard of. */
function lastTimeOf({ metrics, startedMs }: Run): number {
  return Math.max(startedMs, ...[...metrics.values()].map(({ timestampMs }) => timestampMs));
}

async function deliverParams({ source, target, to, ids, count, attempt }: DeliveryWork): Promise<void> {
  const missing = new Map<string, string>();
  for (const [key, value] of source.params) {
    const there = target.params.get(key);
    if (there === undefined) missing.set(key, ids.inAddresses(value));
    else if (there !== value && there !== ids.inAddresses(value)) {
      await attempt(`parameter ${key}`, () => Promise.reject(paramChanged(key, there, value, to)));
    }
  }
  if (missing.size === 0) return;
  await to.logBatch(target.id, { params: missing });
  count.params += missing.size;
}

async function deliverMetrics({ from, source, target, to, count, options, loggedKeys }: DeliveryWork): Promise<void> {
  let batch: MetricPoint[] = [];
  const send = async (points: readonly MetricPoint[]): Promise<void> => {
    throwIfCancelled(options.signal);
    await to.logBatch(target.id, { metrics: points });
    count.points += points.length;
  };
  for (const key of source.metrics.keys()) {
    const there = target.metrics.has(key) || loggedKeys.has(key) ? await to.metricHistory(target.id, key) : [];
    batch.push(...missingPoints(await from.metricHistory(source.id, key), there));
    let sent = 0;
    for (; batch.length - sent >= batchPoints; sent += batchPoints) await send(batch.slice(sent, sent + batchPoints));
    batch = batch.slice(sent);
  }
  if (batch.length > 0) await send(batch);
}

async function deliverInputs({ source, target, to, count }: DeliveryWork): Promise<void> {
  const identity = ({ name, digest }: DatasetInput): string => JSON.stringify([name, digest]);
  const there = new Set(target.inputs.map(identity));
  const missing = source.inputs.filter((input) => !there.has(identity(input)));
  if (missing.length === 0) return;
  await to.logInputs(target.id, missing);
  count.inputs += missing.length;
}

async function deliverRunFiles(work: DeliveryWork): Promise<void> {
  const { from, to, source, target, count, attempt, isNew } = work;
  await attempt("artifacts", async () => {
    const delivered = await deliverFiles(
      { store: from, owner: { runId: source.id } },
      { store: to, owner: { runId: target.id } },
      fileOptions(work, source.id, isNew),
    );
    count.files += delivered.files;
    count.bytes += delivered.bytes;
  });
}

async function deliverTags({ source, target, to, ids, count }: DeliveryWork): Promise<void> {
  const wanted = await targetTags(source, ids);
  const changed = new Map([...wanted].filter(([key, value]) => target.tags.get(key) !== value));
  if (changed.size === 0) return;
  await to.logBatch(target.id, { tags: changed });
  count.tags += changed.size;
}

/** The source's tags as the target is to have them. */
async function targetTags(source: Run, ids: KnownIds): Promise<Map<string, string>> {
  const tags = new Map([...source.tags].map(([key, value]) => [key, ids.inAddresses(value)] as const));
  const parent = source.tags.get(parentTag);
  if (parent !== undefined) tags.set(parentTag, (await ids.runId(parent)) ?? parent);
  return tags;
}

const parentTag = "mlflow.parentRunId";

function paramChanged(key: string, there: string, value: string, { location }: RunStore): AppError {
  return new AppError("PARAM_CHANGED", {
    required: `the value that the target has, ${JSON.stringify(there)}`,
    received: JSON.stringify(value),
    where: `parameter ${key} at ${location}`,
    hint: "parameters are written once; what else differs was delivered",
  });
}

function deletedThere({ location }: RunStore, id: string): AppError {
  return new AppError("RUN_NOT_FOUND", {
    required: "a run that was not deleted at the target",
    received: `the deleted run ${id}`,
    where: location,
    hint: "restore it there to deliver to it",
  });
}
