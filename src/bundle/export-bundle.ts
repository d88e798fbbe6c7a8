/** Writes a trained model as a bundle, and only one that answers as the model did in training. */
import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { readBytes } from "../base/files/read-file.ts";
import { sha256 } from "../base/hash.ts";
import type { Graph } from "../graph/value.ts";
import { recipeSizeBytes } from "../image/recipe.ts";
import type { Executor } from "../runtime/executor.ts";
import { type BundleInfo, encodeBundle, type ParityExample, parityPicture } from "./bundle.ts";
import { type BundleFile, embeddingFacts } from "./bundle-file.ts";
import { loadBundle, runProgram } from "./load-bundle.ts";
import { requireParity } from "./parity.ts";

/** Enough to detect a damaged weight; each costs one inference when a bundle is loaded. */
const paritySeeds = [1, 2, 3, 4] as const;

/** Pictures of one answer while a bundle is checked. */
const checkBatchSize = 32;

/** Real pictures with the answers that the training or evaluation graph gave to them. */
export interface ParityReference {
  /** uint8 `[N,H,W,C]` */
  readonly pixels: Uint8Array;
  /** `[N,K]` row-major. */
  readonly probabilities: ArrayLike<number>;
}

export interface ExportBundleOptions {
  /** The inference graph, as `buildInferenceGraph` makes it. */
  readonly graph: Graph;
  readonly info: Omit<BundleInfo, "parity">;
  readonly path: string;
  readonly reference: ParityReference;
  readonly executor: Executor;
  /** How far the parity examples may be missed on another machine; 1e-4 unless given. */
  readonly tolerance?: number;
  /** Overwrite an existing file. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Writes a bundle whole or not at all. The very bytes are loaded first and must answer the
 * reference pictures as the model did, so a faulty bundle never takes the place of a good one; then
 * the file is read back and compared.
 * Errors: BUNDLE_PARITY, FILE_EXISTS, FILE_WRITE_FAILED, INTERRUPTED, EXECUTION_FAILED.
 */
export async function exportBundle(options: ExportBundleOptions): Promise<BundleFile> {
  const { graph, path, reference, force = false, signal, executor } = options;
  const parity = await parityExamples(graph, options.info, executor, options.tolerance);
  const bytes = encodeBundle(graph, { ...options.info, parity });
  const info = await checkAnswers(bytes, path, reference, executor);

  await ensureFolder(dirname(path));
  await writeFileAtomic(path, bytes, { force, ...(signal && { signal }) });
  const hash = sha256(bytes);
  const written = await readBytes(path);
  if (sha256(written) !== hash) {
    throw new AppError("FILE_WRITE_FAILED", {
      required: "a file that reads back as it was written",
      received: `${written.byteLength} other bytes`,
      where: path,
      hint: "the disk may be failing, or another process writes the same file",
    });
  }
  return { path, sizeBytes: bytes.byteLength, sha256: hash, info, ...embeddingFacts(graph) };
}

/**
 * Checks, before hours of training, that their result can be written.
 * Errors: FILE_EXISTS where something has this name and `force` is not given, FILE_WRITE_FAILED
 * where it is a folder.
 */
export async function requireFreePath(path: string, force = false): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory()) {
    throw new AppError("FILE_WRITE_FAILED", {
      required: "a path that can be written",
      received: "a folder of this name",
      where: path,
      hint: "name a file, such as models/cats-dogs.onnx",
    });
  }
  if (force) return;
  throw new AppError("FILE_EXISTS", {
    required: "a name that is free",
    received: "a file that exists",
    where: path,
    hint: "give `force` to replace it, or choose another name",
  });
}

async function parityExamples(
  graph: Graph,
  info: Pick<BundleInfo, "recipe">,
  executor: Executor,
  tolerance: number | undefined,
): Promise<BundleInfo["parity"]> {
  const program = await executor.load(graph);
  try {
    const examples: ParityExample[] = [];
    for (const seed of paritySeeds) {
      const { logits, probabilities } = await runProgram(program, info, parityPicture(seed, info.recipe));
      examples.push({
        seed,
        probabilities: Array.from(probabilities),
        logits: Array.from(logits),
        ...(tolerance !== undefined && { tolerance }),
      });
    }
    return examples;
  } finally {
    await program.close();
  }
}

async function checkAnswers(
  bytes: Uint8Array,
  where: string,
  { pixels, probabilities: expected }: ParityReference,
  executor: Executor,
): Promise<BundleInfo> {
  const bundle = await loadBundle({ bytes, where }, executor);
  try {
    const chunkBytes = recipeSizeBytes(bundle.info.recipe) * checkBatchSize;
    const received: number[] = [];
    for (let start = 0; start < pixels.length; start += chunkBytes) {
      const { probabilities } = await bundle.answer(pixels.subarray(start, start + chunkBytes));
      received.push(...probabilities);
    }
    requireParity(received, expected, where);
    return bundle.info;
  } finally {
    await bundle.close();
  }
}
