/** The bundle behind an address: its bytes, checked against what was registered. */
import { AppError, isAppError } from "../base/errors.ts";
import { largestFileBytes } from "../base/files/read-file.ts";
import { sha256InPieces } from "../base/hash.ts";
import { formatBytes } from "../base/quantity.ts";
import { parseBundle } from "../bundle/bundle.ts";
import { type ModelFiles, readModelBundle } from "../bundle/mlflow-model/read-model.ts";
import { locateModel, type ModelOrigin, type ModelStores } from "./locate-model.ts";
import type { ModelAddress } from "./model-address.ts";
import { type ModelVersion, versionTags } from "./model-registry.ts";

/** A bundle that was read through an address. */
export interface ResolvedBundle {
  /** In memory of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `models:/NAME/VERSION` for every address of a registered model; else the address. */
  readonly where: string;
  readonly origin: ModelOrigin;
  /** Where the address is of a registered model. */
  readonly version?: ModelVersion;
}

/**
 * Errors: those of `locateModel` and `readModelBundle`; FILE_READ_FAILED for a file of more than
 * `maximumBytes`; MODEL_CHANGED where a registered version's files are gone, or are not those that
 * its tags are of.
 */
export async function resolveBundle(
  address: ModelAddress,
  stores: ModelStores,
  maximumBytes = largestFileBytes,
): Promise<ResolvedBundle> {
  const { files, origin, version } = await locateModel(address, stores);
  if (version === undefined) {
    return { bytes: await readModelBundle(bounded(files, maximumBytes)), where: files.where, origin };
  }
  const bytes = await readModelBundle(bounded(files, maximumBytes)).catch((error: unknown) => {
    throw isMissing(error, version) ? changed(version, "none that can be read", error) : error;
  });
  await requireRegistered(bytes, version);
  return { bytes, where: files.where, origin, version };
}

/** The files of a folder, none of them larger than a bundle may be. */
function bounded(files: ModelFiles, maximumBytes: number): ModelFiles {
  const refuse = (path: string, sizeBytes: number): AppError =>
    new AppError("FILE_READ_FAILED", {
      required: `a file of at most ${formatBytes(maximumBytes)}`,
      received: `one of ${formatBytes(sizeBytes)} or more`,
      where: `${files.where}/${path}`,
    });
  return {
    ...files,
    async list() {
      const entries = await files.list();
      if (entries.length === 0)
        throw new AppError("FILE_NOT_FOUND", { required: "the files of a model", where: files.where });
      return entries;
    },
    async *read(path) {
      let total = 0;
      for await (const chunk of files.read(path)) {
        total += chunk.length;
        if (total > maximumBytes) throw refuse(path, total);
        yield chunk;
      }
    },
  };
}

/** Errors: MODEL_CHANGED. */
async function requireRegistered(bytes: Uint8Array, version: ModelVersion): Promise<void> {
  const [hash, digest] = [version.tags.get(versionTags.sha256), version.tags.get(versionTags.digest)];
  if (hash === undefined && digest === undefined) return; // registered by another program
  const found = await sha256InPieces(bytes);
  if (found === hash) return;
  // Another tool may have written the same model again; the digest is of what the model is.
  if (digest !== undefined && digestOf(bytes) === digest) return;
  throw changed(version, `one with ${found}`);
}

/** Undefined for what is no bundle. */
function digestOf(bytes: Uint8Array): string | undefined {
  try {
    return parseBundle(bytes, "bundle").digest;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function changed(version: ModelVersion, received: string, cause?: unknown): AppError {
  const hash = version.tags.get(versionTags.sha256);
  return new AppError("MODEL_CHANGED", {
    required: `the bundle that was registered${hash === undefined ? "" : `, sha256 ${hash}`}`,
    received,
    where: `models:/${version.name}/${version.version}`,
    hint: "put the file back, or register the new one as a version of its own: `pawprint models register NAME BUNDLE`",
    ...(cause !== undefined && { cause }),
  });
}

/** What is gone with the run, the logged model or the file that the version is of; of a bundle, also other files. */
function isMissing(error: unknown, { tags }: ModelVersion): boolean {
  if (tags.has(versionTags.sha256) && isAppError(error, "MODEL_UNREADABLE")) return true;
  return (["RUN_NOT_FOUND", "LOGGED_MODEL_NOT_FOUND", "FILE_NOT_FOUND"] as const).some((code) =>
    isAppError(error, code),
  );
}
