/**
 * The port to where a service's bundle comes from, and its adapters: a file, and a folder whose
 * last version is served.
 */
import { opendir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";
import { largestFileBytes, readBytes } from "../base/files/read-file.ts";
import { counted } from "../base/quantity.ts";

/** A bundle as it lies at a source. */
export interface SourcedBundle {
  /** In memory of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it was read, for errors and logs. */
  readonly where: string;
}

/** A place at which new bundles may appear. */
export interface BundleSource {
  /** What the model is called: a name for URLs, the same for every version. */
  readonly name: string;
  /** The place, as it was given. */
  readonly location: string;
  /**
   * Differs whenever there is another bundle; cheap to ask. Errors: FILE_NOT_FOUND,
   * FILE_READ_FAILED.
   */
  stamp(): Promise<string>;
  /** The current bundle. Errors: FILE_NOT_FOUND, FILE_READ_FAILED. */
  read(): Promise<SourcedBundle>;
  /** Ends what is being asked, and gives connections back. */
  close?(): Promise<void>;
}

/** Opens what a service is told to serve. */
export type OpenBundleSource = (location: string, maximumBytes: number) => Promise<BundleSource>;

/**
 * Opens `location`: a bundle's path, or a folder of bundles; a bundle of more than `maximumBytes` is
 * not read. The first look is taken at once.
 * Errors: MODEL_SOURCE_INVALID, FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function openBundleSource(location: string, maximumBytes = largestFileBytes): Promise<BundleSource> {
  const found = await lookAt(location);
  return found.isDirectory() ? folderSource(location, maximumBytes) : fileSource(location, maximumBytes);
}

function fileSource(path: string, maximumBytes: number): BundleSource {
  return {
    name: modelNameFrom(path),
    location: path,
    stamp: () => stampOf(path),
    read: async () => ({ bytes: await readBytes(path, path, maximumBytes), where: path }),
  };
}

/**
 * The last name in natural order is served: `v10.onnx` comes after `v9.onnx`, `2026-01-02.onnx`
 * after `2026-01-01.onnx`.
 */
function folderSource(folder: string, maximumBytes: number): BundleSource {
  const newest = async (): Promise<string> => {
    let last: string | undefined;
    let others = 0;
    try {
      // Piece by piece: a list of 100,000 names would hold the event loop at every look.
      for await (const entry of await opendir(folder, { bufferSize: 256 })) {
        const { name } = entry;
        if (entry.isDirectory()) continue;
        if (name.startsWith(".") || extname(name).toLowerCase() !== ".onnx") others++;
        else if (last === undefined || naturally.compare(last, name) < 0) last = name;
      }
    } catch (error) {
      throw readFailure(folder, error);
    }
    if (last !== undefined) return join(folder, last);
    throw new AppError("MODEL_SOURCE_INVALID", {
      required: "a folder with at least one bundle, NAME.onnx",
      received: others === 0 ? "an empty folder" : counted(others, "other file"),
      where: folder,
      hint: "copy a bundle into it; the one whose name comes last is served",
    });
  };
  return {
    name: modelNameFrom(folder),
    location: folder,
    async stamp() {
      const path = await newest();
      return `${path} ${await stampOf(path)}`;
    },
    async read() {
      const path = await newest();
      return { bytes: await readBytes(path, path, maximumBytes), where: path };
    },
  };
}

const naturally = new Intl.Collator("en", { numeric: true });

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await lookAt(path);
  return `${size} ${mtimeMs} ${ino}`;
}

function lookAt(path: string) {
  return stat(path).catch((error: unknown) => {
    throw readFailure(path, error);
  });
}

/** A name for URLs: letters, digits, `.`, `_` and `-` of the last part of a path. */
export function modelNameFrom(path: string): string {
  const name = basename(path)
    .replace(/\.onnx$/i, "")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return name === "" ? "model" : name;
}
