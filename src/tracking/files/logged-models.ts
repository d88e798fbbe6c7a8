/** Logged models: `<experiment>/models/<id>` with `meta.yaml`, `artifacts`, `metrics`, `params` and `tags`. */
import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import type { LoggedModel, MetricPoint } from "../run.ts";
import type { NewLoggedModel } from "../run-store.ts";
import { keysBelow, readKey } from "./keyed-files.ts";
import { formatMeta } from "./meta-yaml.ts";
import { parseMetricFile } from "./metric-lines.ts";
import { kindOf, readPlainFile } from "./plain-files.ts";
import { largestMetricBytes } from "./run-folder.ts";
import { damaged, metaName, presentUri, readMeta, requiredText, textOf, timeOf } from "./run-meta.ts";
import { type ExperimentFolder, findModelFolder } from "./store-tree.ts";

const statusNumbers = { PENDING: 1, READY: 2, FAILED: 3 } as const;
const statusOfNumber: ReadonlyMap<string, LoggedModel["status"]> = new Map([
  ["1", "PENDING"],
  ["2", "READY"],
  ["3", "FAILED"],
]);

/** Errors: LOGGED_MODEL_NOT_FOUND. */
export function requireModelFolder(root: string, id: string): { experiment: ExperimentFolder; path: string } {
  const found = findModelFolder(root, id);
  if (found !== undefined && readMeta(join(found.path, metaName)).get("lifecycle_stage") !== "deleted") return found;
  throw new AppError("LOGGED_MODEL_NOT_FOUND", {
    required: "a logged model of this id",
    received: found === undefined ? "none" : "one that was deleted",
    where: `${root} ${id}`,
  });
}

/** Errors: RUN_STORE_INVALID. */
export function readModel(path: string): LoggedModel {
  const file = join(path, metaName);
  const meta = readMeta(file);
  const runId = textOf(meta, "source_run_id");
  const artifacts = join(path, "artifacts");
  const id = requiredText(meta, "model_id", file);
  if (id !== basename(path)) throw damaged(`the model_id of its folder, '${basename(path)}'`, `'${id}'`, file);
  return {
    id,
    experimentId: requiredText(meta, "experiment_id", file),
    name: requiredText(meta, "name", file),
    status: statusOfNumber.get(textOf(meta, "status") ?? "") ?? "PENDING",
    ...(runId !== undefined && { runId }),
    createdMs: timeOf(meta, "creation_timestamp", file) ?? 0,
    artifactUri: presentUri(textOf(meta, "artifact_location") ?? "", artifacts, kindOf(artifacts) === "folder"),
    tags: valuesBelow(join(path, "tags")),
    params: valuesBelow(join(path, "params")),
    metrics: metricsBelow(join(path, "metrics")),
  };
}

function valuesBelow(folder: string): Map<string, string> {
  return new Map(
    keysBelow(folder)
      .sort()
      .map((key) => [key, readKey(folder, key) ?? ""]),
  );
}

function metricsBelow(folder: string): MetricPoint[] {
  return keysBelow(folder)
    .sort()
    .flatMap((key) => {
      const bytes = readPlainFile(join(folder, key), largestMetricBytes);
      return bytes === undefined ? [] : parseMetricFile(key, bytes);
    });
}

/** Makes a model's folder; its `meta.yaml` comes last, and makes it one. Gives its path. */
export async function makeModel(experimentFolder: string, model: NewLoggedModel): Promise<string> {
  const id = `m-${randomUUID().replaceAll("-", "")}`;
  const path = join(experimentFolder, "models", id);
  for (const folder of ["artifacts", "metrics", "params", "tags"]) await ensureFolder(join(path, folder));
  const values = [
    ...[...(model.params ?? [])].map(([key, value]) => ({ file: join(path, "params", key), value })),
    ...[...(model.tags ?? [])].map(([key, value]) => ({ file: join(path, "tags", key), value })),
  ];
  for (const { file, value } of values) {
    await ensureFolder(dirname(file));
    await writeFileAtomic(file, value, { temporaryIn: path });
  }
  const nowMs = Date.now();
  const meta = formatMeta({
    artifact_location: pathToFileURL(join(path, "artifacts")).href,
    creation_timestamp: nowMs,
    experiment_id: model.experimentId,
    last_updated_timestamp: nowMs,
    lifecycle_stage: "active",
    model_id: id,
    model_type: null,
    name: model.name,
    source_run_id: model.runId ?? null,
    status: statusNumbers.PENDING,
    status_message: null,
  });
  await writeFileAtomic(join(path, metaName), meta);
  return path;
}

export async function writeModelStatus(path: string, status: "READY" | "FAILED"): Promise<void> {
  const file = join(path, metaName);
  const meta = readMeta(file);
  const changed = formatMeta({
    ...Object.fromEntries(meta),
    creation_timestamp: timeOf(meta, "creation_timestamp", file) ?? null,
    last_updated_timestamp: Date.now(),
    status: statusNumbers[status],
  });
  await writeFileAtomic(file, changed, { force: true });
}
