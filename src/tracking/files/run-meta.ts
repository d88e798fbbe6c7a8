/** What a run's `meta.yaml` says. */
import { pathToFileURL } from "node:url";
import { AppError } from "../../base/errors.ts";
import type { Lifecycle, RunStatus } from "../run.ts";
import { formatMeta, type Meta, parseMeta } from "./meta-yaml.ts";
import { readPlainText } from "./plain-files.ts";

export const metaName = "meta.yaml";

export interface RunMeta {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly lifecycle: Lifecycle;
  readonly startedMs: number;
  readonly endedMs: number | undefined;
  readonly deletedMs: number | undefined;
  readonly user: string;
  readonly artifactUri: string;
}

/** By the numbers of MLflow's protocol. */
const statusNumbers = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 } as const;
const statusOfNumber = new Map<string, RunStatus>();
for (const [name, number] of Object.entries(statusNumbers)) {
  const status = name as RunStatus; // a key of the table
  statusOfNumber.set(String(number), status).set(name, status);
}

/** The fields of a file. Errors: RUN_STORE_INVALID for one that is missing or no YAML. */
export function readMeta(path: string): Meta {
  const text = readPlainText(path);
  const meta = text === undefined ? undefined : parseMeta(text);
  if (meta !== undefined) return meta;
  const received = text === undefined ? "none" : text.trim() === "" ? "an empty file" : "other text";
  throw damaged("a mapping in YAML", received, path);
}

/** Errors: RUN_STORE_INVALID. */
export function parseRunMeta(meta: Meta, path: string): RunMeta {
  const statusText = textOf(meta, "status");
  const status = statusText === undefined ? "RUNNING" : statusOfNumber.get(statusText);
  if (status === undefined) throw damaged("a status from 1 to 5", `'${statusText}'`, path);
  return {
    id: requiredText(meta, "run_id", path),
    experimentId: requiredText(meta, "experiment_id", path),
    name: textOf(meta, "run_name") ?? "",
    status,
    lifecycle: lifecycleOf(meta),
    startedMs: timeOf(meta, "start_time", path) ?? missing("start_time", path),
    endedMs: timeOf(meta, "end_time", path),
    deletedMs: timeOf(meta, "deleted_time", path),
    user: textOf(meta, "user_id") ?? "",
    artifactUri: textOf(meta, "artifact_uri") ?? "",
  };
}

/** All fields that MLflow writes, those of its older versions too. */
export function formatRunMeta(run: RunMeta): string {
  return formatMeta({
    artifact_uri: run.artifactUri,
    ...(run.deletedMs !== undefined && { deleted_time: run.deletedMs }),
    end_time: run.endedMs ?? null,
    entry_point_name: "",
    experiment_id: run.experimentId,
    lifecycle_stage: run.lifecycle,
    run_id: run.id,
    run_name: run.name,
    source_name: "",
    source_type: 4,
    source_version: "",
    start_time: run.startedMs,
    status: statusNumbers[run.status],
    tags: [],
    user_id: run.user,
  });
}

export function lifecycleOf(meta: Meta): Lifecycle {
  return meta.get("lifecycle_stage") === "deleted" ? "deleted" : "active";
}

export function textOf(meta: Meta, key: string): string | undefined {
  const value = meta.get(key);
  return typeof value === "string" ? value : undefined;
}

/** Errors: RUN_STORE_INVALID. */
export function requiredText(meta: Meta, key: string, path: string): string {
  return textOf(meta, key) ?? missing(key, path);
}

/** Milliseconds. Errors: RUN_STORE_INVALID for what is no whole number. */
export function timeOf(meta: Meta, key: string, path: string): number | undefined {
  const text = textOf(meta, key);
  if (text === undefined) return undefined;
  const time = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(time)) throw damaged(`${key} in milliseconds`, `'${text}'`, path);
  return time;
}

function missing(key: string, path: string): never {
  throw damaged(`${key} in ${metaName}`, "none", path);
}

export function damaged(required: string, received: string, where: string): AppError {
  return new AppError("RUN_STORE_INVALID", { required, received, where });
}

/**
 * The address that a file gives for a folder, unless that folder is beside the file: a store that was
 * moved or copied still names the old place.
 */
export function presentUri(written: string, own: string, isThere: boolean): string {
  if (!isThere) return written;
  const uri = pathToFileURL(own).href;
  return written === own || written === uri ? written : uri;
}
