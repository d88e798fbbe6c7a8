/** Finds out what a path holds and opens it as a source of labelled pictures. */
import { open, readdir, stat } from "node:fs/promises";
import { AppError, readFailure } from "../../base/index.ts";
import { openArchive } from "./archive.ts";
import { openFolder } from "./folder.ts";
import { hasIdxFiles, openIdxFolder } from "./idx.ts";
import type { Source } from "./source.ts";

const known = "a folder of labelled folders or of cat.12.jpg names, a .zip of either, or a folder of idx files";

/**
 * Opens a folder, a zip archive or a folder of idx files. A source that opens has at least one labelled file.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, DATASET_SOURCE_UNKNOWN, DATASET_EMPTY, DATASET_LABEL_MISSING, ARCHIVE_CORRUPT, IDX_INVALID.
 */
export async function openSource(location: string): Promise<Source> {
  const source = await openByKind(location);
  try {
    await requireLabels(source);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openByKind(location: string): Promise<Source> {
  const found = await attempt(location, stat(location));
  if (found.isDirectory()) {
    const names = await attempt(location, readdir(location));
    if (names.length === 0) throw empty(location, "an empty folder");
    return hasIdxFiles(names) ? openIdxFolder(location, names) : openFolder(location);
  }
  if (found.isFile() && (location.toLowerCase().endsWith(".zip") || (await beginsAsZip(location)))) {
    return openArchive(location);
  }
  const received = found.isFile() ? "a file of another kind" : "neither a file nor a folder";
  const hint = hasIdxFiles([location.split(/[\\/]/).at(-1) ?? ""])
    ? "name the folder that holds the idx files"
    : undefined;
  throw new AppError("DATASET_SOURCE_UNKNOWN", { required: known, received, where: location, ...(hint && { hint }) });
}

/** A source without a single labelled file: says whether labels are missing, or pictures. */
async function requireLabels(source: Source): Promise<void> {
  for await (const _ of source.samples()) return;
  const { skipped, location } = source;
  const missing = skipped.filter(({ code }) => code === "DATASET_LABEL_MISSING");
  if (missing.length > 0) {
    throw new AppError("DATASET_LABEL_MISSING", {
      required: "each picture stands in a folder named for its class, or is named like cat.12.jpg",
      received: `${missing.length} pictures without a label, the first '${missing[0]!.id}'`,
      where: location,
      hint: "make a folder for each class and move the pictures there",
    });
  }
  throw empty(location, "no picture in it");
}

async function beginsAsZip(location: string): Promise<boolean> {
  const handle = await attempt(location, open(location));
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.readUInt32BE(0) === 0x504b0304;
  } finally {
    await handle.close();
  }
}

function attempt<T>(location: string, call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw readFailure(location, error);
  });
}

function empty(location: string, received: string): AppError {
  return new AppError("DATASET_EMPTY", { required: known, received, where: location });
}
