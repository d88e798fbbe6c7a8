/** Reads the bundle out of an MLflow model folder, whoever wrote it. */
import { posix } from "node:path";
import { largestFileBytes } from "../../base/files/read-file.ts";
import { formatBytes } from "../../base/quantity.ts";
import { externalFilesOf, inlineExternalData } from "../../graph/onnx/external-data.ts";
import { unreadable } from "../../graph/onnx/unreadable.ts";
import type { ArtifactEntry } from "../../tracking/run.ts";
import { modelFileName } from "./model-files.ts";
import { onnxFileOf } from "./read-mlmodel.ts";

/** The files of a model folder, wherever they are. */
export interface ModelFiles {
  /** All of them, at any depth. */
  list(): Promise<readonly ArtifactEntry[]>;
  /** One of them in chunks. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** The folder's name in errors. */
  readonly where: string;
}

/** An `MLmodel` is a page long; with many labels or a large signature, some more. */
const mostMlmodelBytes = 2 ** 20;

/**
 * The bytes of the ONNX file that `MLmodel` names. Weights in files beside it, as
 * `mlflow.onnx.log_model` writes them, are put back into the one file, in the form that they had
 * before: the digest of a bundle holds.
 * Errors: MODEL_UNREADABLE for a folder without an MLflow model in the ONNX flavour, for files that
 * are missing or more than 2 GiB together, and for damaged ONNX; those of `files`.
 */
export async function readModelBundle(files: ModelFiles): Promise<Uint8Array<ArrayBuffer>> {
  const entries = (await files.list()).filter(({ isFolder }) => !isFolder);
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  let room = largestFileBytes;
  const read = async (path: string, required: string, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> => {
    // No path is read but one that was listed: none leads out of the folder.
    const entry = byPath.get(posix.normalize(path));
    if (!entry) throw unreadable(required, namesOf(entries), files.where);
    return readWhole(files, entry, mostBytes);
  };

  const mlmodel = await read(modelFileName, "the folder of an MLflow model, with a file MLmodel", mostMlmodelBytes);
  const path = onnxFileOf(mlmodel, `${files.where}/${modelFileName}`);
  const where = `${files.where}/${path}`;
  const model = await read(path, `the file ${path}, which MLmodel names`, room);
  room -= model.length;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const externals = new Map<string, Uint8Array>();
  for (const name of externalFilesOf(model, where)) {
    const bytes = await read(`${folder}${name}`, `the file ${name}, which holds weights of ${path}`, room);
    room -= bytes.length;
    externals.set(name, bytes);
  }
  return externals.size === 0 ? model : inlineExternalData(model, externals, where);
}

function namesOf(entries: readonly ArtifactEntry[]): string {
  if (entries.length === 0) return "one without files";
  const names = entries.slice(0, 5).map(({ path }) => path);
  return `one with ${names.join(", ")}${entries.length > names.length ? " and others" : ""}`;
}

/** Ends where there are more bytes than were announced or may be. */
async function readWhole(
  files: ModelFiles,
  { path, sizeBytes = 0 }: ArtifactEntry,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const where = `${files.where}/${path}`;
  const refuse = (size: number) =>
    unreadable(`files of a model of at most ${formatBytes(mostBytes)}`, `${formatBytes(size)} or more`, where);
  if (sizeBytes > mostBytes) throw refuse(sizeBytes);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of files.read(path)) {
    total += chunk.length;
    if (total > mostBytes) throw refuse(total);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
