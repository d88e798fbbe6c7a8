/** A bundle as a file: its metadata, its size and its hash. */
import { readBytes } from "../base/files/read-file.ts";
import { sha256 } from "../base/hash.ts";
import { type BundleInfo, parseBundle } from "./bundle.ts";
import type { BundleInput } from "./load-bundle.ts";

/** A bundle's file, and what its metadata says. */
export interface BundleFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly info: BundleInfo;
}

/**
 * Reads a bundle's metadata without an engine; `name` is the path in the answer and in errors.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, MODEL_UNREADABLE, BUNDLE_INVALID.
 */
export async function inspectBundle(bundle: string | BundleInput, name?: string): Promise<BundleFile> {
  const input = typeof bundle === "string" ? { path: bundle } : bundle;
  const [path, bytes] =
    "path" in input ? [input.path, await readBytes(input.path)] : [input.where ?? "bundle", input.bytes];
  const where = name ?? path;
  return { path: where, sizeBytes: bytes.byteLength, sha256: sha256(bytes), info: parseBundle(bytes, where) };
}
