/** The files of a version in a folder of runs: in the store, or in a folder of this machine. */
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { isAppError } from "../../base/errors.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import type { ArtifactEntry } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import type { ModelRegistry, ModelVersion } from "../model-registry.ts";
import { copiedFrom, listFilesAt, mostFiles, placeOf, readFileAt, sourceUnknown, tooMany } from "../version-files.ts";

export async function listVersionFiles(
  registry: ModelRegistry,
  store: RunStore,
  given: ModelVersion,
): Promise<readonly ArtifactEntry[]> {
  const version = await copiedFrom(registry, given);
  const place = placeOf(version.source);
  const folder = folderOf(version.source);
  if (place !== undefined) {
    try {
      return await listFilesAt(store, place);
    } catch (error) {
      if (folder === undefined || !isMissing(error)) throw error;
    }
  }
  if (folder === undefined) throw sourceUnknown(version);
  const files: ArtifactEntry[] = [];
  for await (const { key, sizeBytes } of openFolderStore(folder).list()) {
    if (files.push({ path: key, isFolder: false, sizeBytes }) > mostFiles) throw tooMany(folder);
  }
  return files;
}

export async function* readVersionFile(
  registry: ModelRegistry,
  store: RunStore,
  given: ModelVersion,
  path: string,
): AsyncGenerator<Uint8Array> {
  const version = await copiedFrom(registry, given);
  const place = placeOf(version.source);
  const folder = folderOf(version.source);
  if (place !== undefined) {
    let isStarted = false;
    try {
      for await (const chunk of readFileAt(store, place, path)) {
        isStarted = true;
        yield chunk;
      }
      return;
    } catch (error) {
      if (folder === undefined || isStarted || !isMissing(error)) throw error;
    }
  }
  if (folder === undefined) throw sourceUnknown(version);
  yield* openFolderStore(folder).read(path);
}

/** An absolute path, or the folder of a `file:` address. */
function folderOf(source: string): string | undefined {
  if (isAbsolute(source)) return source;
  if (!/^file:/i.test(source)) return undefined;
  try {
    return fileURLToPath(source);
  } catch {
    return undefined; // of another host
  }
}

/** The place is of another store than this one, or no longer there. */
function isMissing(error: unknown): boolean {
  return (["RUN_NOT_FOUND", "LOGGED_MODEL_NOT_FOUND", "FILE_NOT_FOUND"] as const).some((code) =>
    isAppError(error, code),
  );
}
