/**
 * What a run is linked to: `inputs/<id>/meta.yaml` names a dataset of the experiment,
 * `outputs/<model>/meta.yaml` a logged model.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import type { DatasetInput } from "../run.ts";
import { isStoreId } from "../run-rules.ts";
import { formatMeta, type MetaSource } from "./meta-yaml.ts";
import { entriesOf, kindOf } from "./plain-files.ts";
import { metaName, readMeta, requiredText, textOf, timeOf } from "./run-meta.ts";

/** The datasets of a run, by name and digest. Errors: RUN_STORE_INVALID. */
export function readInputs(runFolder: string): DatasetInput[] {
  const inputs = foldersOf(join(runFolder, "inputs")).flatMap((folder) => {
    const path = join(folder, metaName);
    const link = readMeta(path);
    if (textOf(link, "source_type") !== "DATASET") return [];
    const dataset = join(dirname(runFolder), "datasets", requiredText(link, "source_id", path));
    const tags = link.get("tags");
    // A dataset that is gone is passed over, as MLflow does.
    const isThere = isStoreId(requiredText(link, "source_id", path)) && kindOf(dataset) === "folder";
    return isThere ? [readDataset(join(dataset, metaName), tags instanceof Map ? tags : new Map())] : [];
  });
  return inputs.sort((a, b) => byCodeUnits(a.name, b.name) || byCodeUnits(a.digest, b.digest));
}

function readDataset(path: string, tags: ReadonlyMap<string, string>): DatasetInput {
  const meta = readMeta(path);
  const schema = textOf(meta, "schema");
  const profile = textOf(meta, "profile");
  return {
    name: requiredText(meta, "name", path),
    digest: requiredText(meta, "digest", path),
    sourceType: textOf(meta, "source_type") ?? "",
    source: textOf(meta, "source") ?? "",
    ...(schema !== undefined && { schema }),
    ...(profile !== undefined && { profile }),
    tags,
  };
}

/** Adds the datasets that the run does not have yet. */
export async function addInputs(runFolder: string, runId: string, inputs: readonly DatasetInput[]): Promise<void> {
  for (const input of inputs) {
    const datasetId = md5(input.name, input.digest);
    await placeMeta(runFolder, join(dirname(runFolder), "datasets", datasetId), {
      digest: input.digest,
      name: input.name,
      profile: input.profile ?? null,
      schema: input.schema ?? null,
      source: input.source,
      source_type: input.sourceType,
    });
    // MLflow writes the dataset's id as the destination, too.
    await placeMeta(runFolder, join(runFolder, "inputs", md5(datasetId, runId)), {
      destination_id: datasetId,
      destination_type: "RUN",
      source_id: datasetId,
      source_type: "DATASET",
      tags: input.tags,
    });
  }
}

/** The ids of the logged models that the run made, the oldest first. Errors: RUN_STORE_INVALID. */
export function readOutputs(runFolder: string): string[] {
  const ids = foldersOf(join(runFolder, "outputs")).flatMap((folder) => {
    const path = join(folder, metaName);
    const meta = readMeta(path);
    const id = requiredText(meta, "destination_id", path);
    return textOf(meta, "destination_type") === "MODEL_OUTPUT" && isStoreId(id) ? [id] : [];
  });
  if (ids.length < 2) return ids;
  const created = new Map(ids.map((id) => [id, createdMs(join(dirname(runFolder), "models", id, metaName))]));
  return ids.sort((a, b) => created.get(a)! - created.get(b)! || byCodeUnits(a, b));
}

/** 0 for a model that is gone. */
function createdMs(path: string): number {
  return kindOf(path) === "file" ? (timeOf(readMeta(path), "creation_timestamp", path) ?? 0) : 0;
}

export async function addOutput(runFolder: string, modelId: string, step: number): Promise<void> {
  await placeMeta(runFolder, join(runFolder, "outputs", modelId), {
    destination_id: modelId,
    destination_type: "MODEL_OUTPUT",
    source_id: modelId,
    source_type: "RUN_OUTPUT",
    step,
    tags: new Map(),
  });
}

/** The folders that hold a `meta.yaml`. */
function foldersOf(parent: string): string[] {
  if (kindOf(parent) !== "folder") return [];
  return entriesOf(parent)
    .filter((entry) => entry.isDirectory() && kindOf(join(parent, entry.name, metaName)) === "file")
    .map((entry) => join(parent, entry.name));
}

/**
 * Makes a folder with its `meta.yaml` in one step, because MLflow fails on one without; it is made in
 * the run's folder, where MLflow does not look. One that is there is left.
 */
async function placeMeta(runFolder: string, path: string, meta: Readonly<Record<string, MetaSource>>): Promise<void> {
  if (kindOf(join(path, metaName)) === "file") return;
  const temporary = join(runFolder, `.pawprint-${randomBytes(6).toString("hex")}`);
  await ensureFolder(dirname(path));
  try {
    await mkdir(temporary);
    await writeFileAtomic(join(temporary, metaName), formatMeta(meta));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const code = systemCodeOf(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return; // another process made it
    throw code === undefined ? error : writeFailure(path, error);
  }
}

/** MLflow's ids of datasets and inputs. */
function md5(first: string, second: string): string {
  return createHash("md5").update(first).update(second).digest("hex");
}
