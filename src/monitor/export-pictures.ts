/** Kept pictures as a dataset: the way from a service's predictions back to a training. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { csvField, csvLine } from "../base/csv-line.ts";
import { AppError } from "../base/errors.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../base/files/file-failure.ts";
import { sha256 } from "../base/hash.ts";
import { silentProgress } from "../base/progress.ts";
import { readVersion } from "../base/version.ts";
import { classFolders, type RenamedClass } from "../dataset/plan-import.ts";
import { createPathClaims, portableName } from "../dataset/portable-name.ts";
import { readLabel } from "../dataset/sources/label.ts";
import { extensionsOf, sniffFormat } from "../image/format.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import type { KeptPictures } from "../prediction-log/kept-pictures.ts";
import { nameOfRequest } from "../prediction-log/picture-key.ts";
import type { PredictionLog } from "../prediction-log/prediction-log.ts";
import {
  type ChoosePicturesOptions,
  type ChosenPictures,
  type ChosenPrediction,
  choosePictures,
} from "./choose-pictures.ts";

export interface ExportPicturesOptions extends ChoosePicturesOptions {
  /** The folder to make. */
  readonly to: string;
  /** Milliseconds since 1970, for the record of where the pictures come from. */
  readonly nowMs: number;
}

export interface PictureExport extends Omit<ChosenPictures, "chosen"> {
  readonly location: string;
  readonly labelled: number;
  readonly unlabelled: number;
  readonly classes: readonly { readonly label: string; readonly pictures: number }[];
  /** Classes whose folders cannot have their names: the manifest has them. */
  readonly renamed: readonly RenamedClass[];
  /** Pictures that went while they were read, or are none. */
  readonly unreadable: number;
}

export const exportManifestName = "predictions.csv";
export const exportLineageName = "lineage.json";
export const labelledFolder = "labelled";
export const unlabelledFolder = "to-label";

/**
 * Makes a folder `to` with `labelled/CLASS/PICTURE`, a dataset by itself; `to-label/PICTURE`;
 * `predictions.csv`, a manifest of all (path, label, request_id, position, what was answered, why it was
 * chosen), which is a dataset too and which `labelPredictions` reads once labels are filled in; and
 * `lineage.json`, which says what predictions they are. It appears whole or not at all.
 * Errors: FILE_EXISTS where `to` holds something; DATASET_EMPTY where no picture was chosen; those of
 * `choosePictures`; FILE_WRITE_FAILED.
 */
export async function exportPictures(
  log: Pick<PredictionLog, "location" | "models" | "count" | "read">,
  pictures: Pick<KeptPictures, "location" | "keys" | "read">,
  options: ExportPicturesOptions,
): Promise<PictureExport> {
  const { to } = options;
  await requireFree(to);
  const { chosen, ...counts } = await choosePictures(log, pictures, options);
  if (chosen.length === 0) throw nothingChosen(counts, pictures.location);
  await ensureFolder(dirname(to));
  const partial = await mkdtemp(join(dirname(to), ".pawprint-export-")).catch((error: unknown) => {
    throw writeFailure(to, error);
  });
  try {
    const { written, unreadable, folders } = await writePictures(chosen, pictures, partial, options);
    if (written.length === 0) throw nothingChosen({ ...counts, notKept: counts.matching }, pictures.location);
    const manifest = manifestOf(written);
    const classes = classesOf(written);
    const labelled = classes.reduce((sum, one) => sum + one.pictures, 0);
    const renamed = classes.flatMap(({ label }) => {
      const folder = folders.get(label)!; // each label got one
      return folder === label ? [] : [{ label, folder }];
    });
    const found = { ...counts, labelled, unlabelled: written.length - labelled, classes, renamed, unreadable };
    const lineage = {
      version: 1,
      createdAt: new Date(options.nowMs).toISOString(),
      pawprint: await readVersion(),
      log: log.location,
      pictures: pictures.location,
      chosen: { only: options.only ?? "all", limit: options.limit ?? null, ...rangeOf(options) },
      models: modelsOf(written),
      manifest: { name: exportManifestName, sha256: sha256(Buffer.from(manifest)) },
      ...found,
    };
    await write(join(partial, exportManifestName), manifest);
    await write(join(partial, exportLineageName), `${JSON.stringify(lineage, null, 2)}\n`);
    await rename(partial, to).catch((error: unknown) => {
      // Somebody else wrote there meanwhile.
      throw ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(systemCodeOf(error) ?? "")
        ? taken(to)
        : writeFailure(to, error);
    });
    return { location: to, ...found };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Enough to wait for an object store together, and fewer than the listeners that Node warns of at a signal. */
const readAtOnce = 8;

interface WrittenPicture extends ChosenPrediction {
  /** From the folder, with forward slashes. */
  readonly path: string;
  /** As a dataset can have it. */
  readonly datasetLabel: string | undefined;
}

async function writePictures(
  chosen: readonly ChosenPrediction[],
  pictures: Pick<KeptPictures, "read">,
  folder: string,
  { progress = silentProgress, signal }: ExportPicturesOptions,
) {
  const labels = chosen.map(({ trueLabel }) => datasetLabelOf(trueLabel));
  const folders = classFolders(labels.filter((label) => label !== undefined));
  const claim = createPathClaims();
  const places = new Map<number, WrittenPicture>();
  for (const name of [unlabelledFolder, ...[...folders.values()].map((one) => join(labelledFolder, one))]) {
    await makeFolder(join(folder, name));
  }
  const task = progress.start({ label: "export", total: chosen.length, unit: "pictures" });
  try {
    await forEachInParallel(
      chosen,
      async (one, at) => {
        const bytes = await pictures.read(one, signal && { signal });
        const format = bytes && sniffFormat(bytes);
        task.advance();
        if (bytes === undefined || format === undefined) return;
        const label = labels[at];
        const within = label === undefined ? unlabelledFolder : `${labelledFolder}/${folders.get(label)}`;
        const name = portableName(`${nameOfRequest(one.requestId)}-${one.position}`);
        const path = claim(within, `${name}${extensionsOf[format][0]}`);
        await write(join(folder, path), bytes);
        places.set(at, { ...one, path, datasetLabel: label });
      },
      { signal, concurrency: readAtOnce },
    );
    task.done();
  } catch (error) {
    task.fail();
    throw error;
  }
  const written = chosen.flatMap((_, at) => places.get(at) ?? []);
  await removeEmpty(folder, written, folders);
  return { written, unreadable: chosen.length - written.length, folders };
}

/** A class whose pictures could not be read has no folder. */
async function removeEmpty(
  folder: string,
  written: readonly WrittenPicture[],
  folders: ReadonlyMap<string, string>,
): Promise<void> {
  const used = new Set(written.map(({ path }) => dirname(path)));
  for (const name of folders.values()) {
    if (!used.has(`${labelledFolder}/${name}`)) await rm(join(folder, labelledFolder, name), { recursive: true });
  }
  if (!used.has(unlabelledFolder)) await rm(join(folder, unlabelledFolder), { recursive: true });
}

/** Undefined for what no dataset can have as a label, such as one with a line break: it is to be labelled anew. */
function datasetLabelOf(trueLabel: string | undefined): string | undefined {
  const read = readLabel(trueLabel ?? "");
  return read.fault === undefined ? read.label : undefined;
}

function manifestOf(written: readonly WrittenPicture[]): string {
  const names = "path,label,request_id,position,time,model,version,predicted,confidence,why\r\n";
  return (
    names +
    written
      .map(({ path, datasetLabel = "", requestId, position, timeMs, model, version, label, confidence, why }) => {
        const numbers = [new Date(timeMs).toISOString(), model, version, label, confidence.toFixed(6), why];
        // A dataset's labels are read back as they are; all else may be looked at in a spreadsheet.
        return `${csvField(path)},${csvField(datasetLabel)},${csvLine([requestId, String(position), ...numbers])}`;
      })
      .join("")
  );
}

function classesOf(written: readonly WrittenPicture[]): PictureExport["classes"] {
  const counts = new Map<string, number>();
  for (const { datasetLabel: label } of written)
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([label, pictures]) => ({ label, pictures }));
}

function modelsOf(written: readonly WrittenPicture[]) {
  const counts = new Map<string, { model: string; version: string; pictures: number }>();
  for (const { model, version } of written) {
    const key = JSON.stringify([model, version]);
    counts.set(key, { model, version, pictures: (counts.get(key)?.pictures ?? 0) + 1 });
  }
  return [...counts.values()];
}

function rangeOf({ range: { fromMs, untilMs, version } = {} }: ExportPicturesOptions) {
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return { since: time(fromMs), until: time(untilMs), version: version ?? null };
}

async function requireFree(to: string): Promise<void> {
  const names = await readdir(to).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw systemCodeOf(error) === "ENOTDIR" ? taken(to) : writeFailure(to, error);
  });
  if (names.length > 0) throw taken(to);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw writeFailure(path, error);
  });
}

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await writeFile(path, content).catch((error: unknown) => {
    throw writeFailure(path, error);
  });
}

function taken(to: string): AppError {
  return new AppError("FILE_EXISTS", {
    required: "a folder that is new or empty",
    received: "something that is there",
    where: to,
    hint: "choose another folder: an export replaces nothing",
  });
}

function nothingChosen(
  { matching, notKept, withoutReference }: Omit<ChosenPictures, "chosen">,
  where: string,
): AppError {
  const unknown = withoutReference > 0 ? `; ${withoutReference} of versions without a reference` : "";
  return new AppError("DATASET_EMPTY", {
    required: "kept pictures of predictions that are asked for",
    received: `${matching} such predictions, ${matching === 0 ? 0 : matching - notKept} of them with a picture${unknown}`,
    where,
    hint: "a service keeps pictures where it has `keepPictures`, as many as keepPercent says",
  });
}
