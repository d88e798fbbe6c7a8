/** Recognises what a location holds and opens it as a source of labelled pictures. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import { isS3Address } from "../../storage/s3-address.ts";
import { type DataVersion, openVersion } from "../../versioning/versions/open-version.ts";
import { parseVersionAddress } from "../../versioning/versions/version-address.ts";
import { noneUsable } from "../describe-skipped.ts";
import { openArchive } from "./archives/archive.ts";
import { archiveKindOf } from "./archives/archive-kind.ts";
import { openFolder } from "./folder.ts";
import { quoted } from "./label.ts";
import { openS3 } from "./s3.ts";
import type { Source } from "./source.ts";
import type { OpenOptions, SourceOptions } from "./source-options.ts";
import { cifarFolderName, hasCifarFiles, openCifarFolder } from "./tables/cifar.ts";
import { hasIdxFiles, openIdxFolder } from "./tables/idx.ts";
import { openManifest } from "./tables/manifest.ts";
import { isManifestName } from "./tables/manifest-rows.ts";
import { openVersionFolder } from "./version-folder.ts";

const known =
  "a folder of labelled folders or of cat.12.jpg names, a .zip, .tar or .tar.gz of either, a .csv, .tsv or .jsonl manifest, " +
  "a folder of idx or CIFAR-10 files, s3://BUCKET/PREFIX, or a version of tracked data: FOLDER@REVISION, FOLDER.dvc";

interface FolderKind {
  recognises(names: readonly string[]): boolean;
  open(location: string, options: OpenOptions, names: readonly string[]): Promise<Source>;
}

/** The first that recognises a folder's names opens it. */
const folderKinds: readonly FolderKind[] = [
  { recognises: hasIdxFiles, open: (location, _options, names) => openIdxFolder(location, names) },
  { recognises: hasCifarFiles, open: (location, _options, names) => openCifarFolder(location, names) },
  { recognises: isAroundCifar, open: openInnerCifarFolder },
  { recognises: () => true, open: openFolder },
];

interface FileKind {
  recognises(location: string): boolean | Promise<boolean>;
  open(location: string, options: OpenOptions): Promise<Source>;
}

/**
 * The first that recognises a file opens it. What can be told from a name comes first: idx files
 * and manifests may be packed by gzip.
 */
const fileKinds: readonly FileKind[] = [
  {
    recognises: (location) => hasIdxFiles([basename(location)]),
    open: refuse("name the folder that holds the idx files"),
  },
  {
    recognises: (location) => hasCifarFiles([basename(location)]),
    open: refuse("name the folder that holds the batches"),
  },
  { recognises: (location) => isManifestName(location), open: openManifest },
  { recognises: async (location) => (await archiveKindOf(location)) !== undefined, open: openArchive },
  {
    recognises: (location) => /\.(bz2|tbz2?|xz|txz|zst|tzst|7z|rar)$/i.test(location),
    open: refuse("unpack it and name the folder, or pack it again as .zip or .tar.gz"),
  },
  { recognises: () => true, open: refuse() },
];

/**
 * Opens labelled pictures, whatever they are stored as. A source that opens has at least one
 * labelled file.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, DATASET_SOURCE_UNKNOWN, DATASET_EMPTY,
 * DATASET_LAYOUT_UNCLEAR, DATASET_LABEL_MISSING, SOURCE_CHANGED; by kind ARCHIVE_CORRUPT and ARCHIVE_LIMIT, IDX_INVALID,
 * CIFAR_INVALID, MANIFEST_INVALID, STORE_FAILED.
 */
export async function openSource(location: string, options: SourceOptions = {}): Promise<Source> {
  const source = await openAny(location, options);
  try {
    await requireLabels(source);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * Opens pictures whether they have labels or not: the labels of its samples mean nothing. What was
 * found and cannot be read is in `skipped`. A source that opens has at least one of both.
 * Errors: as `openSource`, but for those about labels and layouts.
 */
export async function openPictures(location: string, options: SourceOptions = {}): Promise<Source> {
  const source = await openAny(location, { ...options, labels: "ignored" });
  try {
    if (source.skipped.length > 0) return source;
    for await (const _ of source.samples()) return source;
    throw empty(location, "no picture in it");
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openAny(location: string, options: OpenOptions): Promise<Source> {
  if (isS3Address(location)) return openS3(location, options);
  const address = await parseVersionAddress(location);
  if (address === undefined) return openPath(location, options);
  const opened = await openVersion(location, address).catch(async (error: unknown) => {
    // An @ in the name of a folder that is not there, outside of a repository.
    if (isAppError(error, "DATA_REPOSITORY_MISSING")) await attempt(location, stat(location));
    throw error;
  });
  const { files, file, version } = opened;
  if (files !== undefined) return openVersionFolder(location, opened, files, options);
  const path = file!; // a version is one of the two
  // A manifest's pictures lie where the manifest itself would.
  const reading = isManifestName(path) ? { root: dirname(resolve(address.path)), ...options } : options;
  return renamed(await openPath(path, reading), location, version);
}

/** A file of the cache, under the address that was asked for. */
function renamed(inner: Source, location: string, version: DataVersion): Source {
  return {
    kind: inner.kind,
    location,
    version,
    // They may grow while an archive is read.
    get skipped() {
      return inner.skipped;
    },
    get remarks() {
      return inner.remarks;
    },
    samples: () => inner.samples(),
    close: () => inner.close(),
  };
}

async function openPath(location: string, options: OpenOptions): Promise<Source> {
  const found = await attempt(location, stat(location));
  if (found.isDirectory()) {
    const names = await attempt(location, readdir(location));
    if (names.length === 0) throw empty(location, "an empty folder");
    return folderKinds.find(({ recognises }) => recognises(names))!.open(location, options, names);
  }
  if (!found.isFile()) throw unknown(location, "neither a file nor a folder");
  for (const { recognises, open } of fileKinds) if (await recognises(location)) return open(location, options);
  throw unknown(location, "a file of another kind");
}

/** True for the folder into which CIFAR-10's archive was unpacked, with nothing beside. */
function isAroundCifar(names: readonly string[]): boolean {
  const shown = names.filter((name) => !name.startsWith("."));
  return shown.length === 1 && shown[0] === cifarFolderName;
}

async function openInnerCifarFolder(location: string): Promise<Source> {
  const inner = join(location, cifarFolderName);
  return openCifarFolder(inner, await attempt(inner, readdir(inner)));
}

/** A source without a single labelled file: says whether labels are missing, or pictures. */
async function requireLabels(source: Source): Promise<void> {
  for await (const _ of source.samples()) return;
  const { skipped, remarks, location } = source;
  const missing = skipped.filter(({ code }) => code === "DATASET_LABEL_MISSING");
  if (missing.length > 0) {
    const { id, reason } = missing[0]!;
    throw new AppError("DATASET_LABEL_MISSING", {
      required: "pictures in folders named for their classes, or with names like cat.12.jpg",
      received: `${missing.length} pictures without a label, the first ${quoted(id, 120)}: ${reason}`,
      where: location,
      hint: "make a folder for each class and move the pictures there",
    });
  }
  if (skipped.length > 0 || remarks.length > 0) {
    throw noneUsable("labelled pictures", { where: location, skipped, remarks });
  }
  throw empty(location, "no picture in it");
}

function attempt<T>(location: string, call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw readFailure(location, error);
  });
}

function refuse(hint?: string): FileKind["open"] {
  return async (location) => {
    throw unknown(location, "a file of another kind", hint);
  };
}

function unknown(where: string, received: string, hint?: string): AppError {
  return new AppError("DATASET_SOURCE_UNKNOWN", { required: known, received, where, ...(hint && { hint }) });
}

function empty(location: string, received: string): AppError {
  return new AppError("DATASET_EMPTY", { required: known, received, where: location });
}
