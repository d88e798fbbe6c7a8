/**
 * What MLflow takes as keys, values and names; held to before anything is written or sent, because
 * servers cut long values in silence and store what they cannot read as 0.
 * Source: mlflow/utils/validation.py of MLflow 3.17.
 */
import { describeValue } from "../base/describe-value.ts";
import { AppError } from "../base/errors.ts";
import { keyFaultOf } from "../storage/object-key.ts";
import type { DatasetInput, MetricPoint } from "./run.ts";
import type { NewLoggedModel, NewRun, RunBatch } from "./run-store.ts";

/** Characters, as Python counts them. */
export const longest = { key: 250, param: 6000, tag: 8000, runName: 250, experimentName: 500 } as const;
const longestOfDataset = { name: 500, digest: 36, source: 65_535, schema: 1_048_575, profile: 16_777_215 } as const;
const longestOfInputTag = { key: 255, value: 500 } as const;

export type KeyKind = "metric" | "parameter" | "tag";

/** Why a key is refused, as a noun phrase; undefined for one that MLflow takes. */
export function runKeyFault(key: string): string | undefined {
  if (key === "") return "no characters";
  if (isLonger(key, longest.key)) return `${lengthOf(key)} characters`;
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key)) return "other characters";
  if (key.startsWith("/")) return "a leading '/'";
  const parts = key.split("/");
  if (parts.includes("")) return "an empty part between slashes";
  if (key.startsWith("..") || parts.includes("..") || parts.includes(".")) return "a part that leads to another folder";
  return undefined;
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireRunKey(kind: KeyKind, key: string): void {
  const fault = runKeyFault(key);
  if (fault === undefined) return;
  throw invalid(
    `a ${kind}'s key of at most ${longest.key} letters, digits, blanks and _ - . : /`,
    `${describeValue(key)} with ${fault}`,
  );
}

/** Keys and values of everything in the batch. Errors: TRACKING_VALUE_INVALID. */
export function requireBatch({ metrics = [], params = new Map(), tags = new Map(), modelId }: RunBatch): void {
  requireMetrics(metrics);
  requireParams(params);
  requireTags(tags);
  if (modelId !== undefined) requireModelId(modelId);
}

function requireMetrics(points: readonly MetricPoint[]): void {
  let lastKey: string | undefined;
  for (const { key, value, timestampMs, step } of points) {
    if (key !== lastKey) requireRunKey("metric", key);
    lastKey = key;
    if (typeof value !== "number") throw invalid("a number", describeValue(value), `metric ${key}`);
    if (!Number.isSafeInteger(timestampMs) || timestampMs < 0)
      throw invalid("a time in whole milliseconds since 1970", describeValue(timestampMs), `metric ${key}`);
    if (!Number.isSafeInteger(step))
      throw invalid("a step that is a whole number", describeValue(step), `metric ${key}`);
  }
}

export function requireParams(params: ReadonlyMap<string, string>): void {
  for (const [key, value] of params) {
    requireRunKey("parameter", key);
    requireText(value, longest.param, `parameter ${key}`);
  }
}

export function requireTags(tags: ReadonlyMap<string, string>): void {
  for (const [key, value] of tags) {
    requireRunKey("tag", key);
    requireText(value, longest.tag, `tag ${key}`);
  }
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireNewRun({ name, startedMs, tags, id }: NewRun): void {
  requireRunName(name);
  requireTimeOfRun(startedMs);
  if (tags !== undefined) requireTags(tags);
  if (id !== undefined && !isRunId(id)) throw invalid("a run's id of 32 hexadecimal digits", describeValue(id));
}

export function requireTimeOfRun(timeMs: number): void {
  if (!Number.isSafeInteger(timeMs) || timeMs < 0)
    throw invalid("a time in whole milliseconds since 1970", describeValue(timeMs), "run");
}

export function requireRunName(name: string): void {
  if (name.trim() === "") throw invalid("a run's name", describeValue(name));
  requireText(name, longest.runName, "a run's name");
}

export function requireExperimentName(name: string): void {
  if (name.trim() === "") throw invalid("an experiment's name", describeValue(name));
  requireText(name, longest.experimentName, "an experiment's name");
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireNewModel({ name, tags, params }: NewLoggedModel): void {
  if (name === "" || /[/:.%"']/.test(name) || isLonger(name, longest.key)) {
    throw invalid(`a logged model's name of 1 to ${longest.key} characters without / : . % " '`, describeValue(name));
  }
  requireText(name, longest.key, "a logged model's name");
  if (tags !== undefined) requireTags(tags);
  if (params !== undefined) requireParams(params);
}

/** Errors: TRACKING_VALUE_INVALID. */
export function requireInputs(inputs: readonly DatasetInput[]): void {
  for (const { name, digest, source, sourceType, schema, profile, tags } of inputs) {
    const where = `dataset ${name}`;
    if (name === "" || digest === "") throw invalid("a dataset's name and digest", "an empty one", where);
    requireText(name, longestOfDataset.name, where);
    requireText(digest, longestOfDataset.digest, `${where}, digest`);
    requireText(sourceType, longest.key, `${where}, source type`);
    requireText(source, longestOfDataset.source, `${where}, source`);
    if (schema !== undefined) requireText(schema, longestOfDataset.schema, `${where}, schema`);
    if (profile !== undefined) requireText(profile, longestOfDataset.profile, `${where}, profile`);
    for (const [key, value] of tags) {
      requireText(key, longestOfInputTag.key, `${where}, tag`);
      requireText(value, longestOfInputTag.value, `${where}, tag ${key}`);
    }
  }
}

/** MLflow's own ids are 32 hexadecimal digits; other programs made other ones. */
export function isRunId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/** Whether it can be an id of a run, an experiment or a logged model, and so a folder's name. */
export function isStoreId(id: string): boolean {
  return /^[a-zA-Z0-9][\w-]{0,255}$/.test(id);
}

function requireModelId(id: string): void {
  if (!/^m-[\w-]{1,250}$/.test(id))
    throw invalid("a logged model's id: m- and 32 hexadecimal digits", describeValue(id));
}

/**
 * A path from an owner's root: of a "file"; of a "folder", where "" is the root; or of a "new" file,
 * whose name MLflow's clients must be able to ask for. Errors: ARTIFACT_PATH_INVALID.
 */
export function requireArtifactPath(path: string, use: "file" | "folder" | "new" = "file"): void {
  if (path === "" && use === "folder") return;
  const fault = keyFaultOf(path) ?? artifactFaultOf(path) ?? (use === "new" ? foreignFaultOf(path) : undefined);
  if (fault === undefined) return;
  throw new AppError("ARTIFACT_PATH_INVALID", {
    required: "a path inside the run's artifacts, its names separated by '/'",
    received: `${describeValue(path)} with ${fault}`,
  });
}

function artifactFaultOf(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names with them cannot be sent in an address
  if (/[\0-\x1f\x7f]/.test(path)) return "a control character";
  return loneSurrogate.test(path) ? "half a character (a lone surrogate)" : undefined;
}

/** MLflow decodes paths as if they were addresses (validate_path_is_safe). */
function foreignFaultOf(path: string): string | undefined {
  if (path.includes("#")) return "a '#', which MLflow refuses";
  if (/%[0-9a-f]{2}/i.test(path)) return "an escape such as %20, which MLflow decodes";
  return /^file:/i.test(path) ? "a leading file:" : undefined;
}

const loneSurrogate = /\p{Surrogate}/u;

/** UTF-8 cannot hold half of a surrogate pair, PostgreSQL no NUL. */
export function requireText(value: string, characters: number, where: string): void {
  if (typeof value !== "string") throw invalid("a text", describeValue(value), where);
  if (isLonger(value, characters))
    throw invalid(`at most ${characters} characters`, `${lengthOf(value)} characters`, where);
  if (value.includes("\0")) throw invalid("a text", "one with a NUL character", where);
  if (loneSurrogate.test(value)) throw invalid("a text", "one with half a character (a lone surrogate)", where);
}

function isLonger(text: string, characters: number): boolean {
  return text.length > characters && lengthOf(text) > characters;
}

function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function invalid(required: string, received: string, where?: string): AppError {
  return new AppError("TRACKING_VALUE_INVALID", { required, received, ...(where !== undefined && { where }) });
}
