/** A bundle as a file: its metadata, its size and its hash. */
import { readBytes } from "../base/files/read-file.ts";
import { sha256 } from "../base/hash.ts";
import { decodeMessages } from "../graph/onnx/decode.ts";
import { parseModel } from "../graph/onnx/metadata.ts";
import type { Graph } from "../graph/value.ts";
import { type BundleInfo, readInfo } from "./bundle.ts";
import { type Embedding, embeddingOf } from "./embedding.ts";
import type { BundleInput } from "./load-bundle.ts";

/** A bundle's file, and what its metadata says. */
export interface BundleFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly info: BundleInfo;
  /** Numbers of an embedding, and of the activations that it is made of; undefined where it has none. */
  readonly embedding?: Pick<Embedding, "size" | "width">;
}

/**
 * Reads a bundle's metadata and graph without an engine; `name` is the path in the answer and in errors.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, MODEL_UNREADABLE, BUNDLE_INVALID.
 */
export async function inspectBundle(bundle: string | BundleInput, name?: string): Promise<BundleFile> {
  const input = typeof bundle === "string" ? { path: bundle } : bundle;
  const [path, bytes] =
    "path" in input ? [input.path, await readBytes(input.path)] : [input.where ?? "bundle", input.bytes];
  const where = name ?? path;
  const model = parseModel(bytes, where);
  const info = readInfo(model, where);
  const { graph } = decodeMessages(model, where);
  return { path: where, sizeBytes: bytes.byteLength, sha256: sha256(bytes), info, ...embeddingFacts(graph) };
}

/** What is said of a graph's embedding outside. */
export function embeddingFacts(graph: Graph): Pick<BundleFile, "embedding"> {
  const found = embeddingOf(graph);
  return found ? { embedding: { size: found.size, width: found.width } } : {};
}
