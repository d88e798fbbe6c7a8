/**
 * Opens a bundle, from a file or from bytes, and runs it: raw pictures in, logits and probabilities
 * out.
 */
import { AppError } from "../base/errors.ts";
import { readBytes } from "../base/files/read-file.ts";
import { decodeMessages } from "../graph/onnx/decode.ts";
import { parseModel } from "../graph/onnx/metadata.ts";
import { formatType } from "../graph/tensor-type.ts";
import type { Graph } from "../graph/value.ts";
import { type Recipe, recipeSizeBytes } from "../image/recipe.ts";
import type { Executor, Program, Runs } from "../runtime/executor.ts";
import { type BundleInfo, type ParityExample, parityPicture, readInfo } from "./bundle.ts";
import { embeddingOutput, withEmbedding } from "./embedding.ts";
import { requireLogitParity, requireParity, requireSoundAnswers } from "./parity.ts";

/** A bundle as a file, or as bytes that came from anywhere; `where` is their name in errors. */
export type BundleInput = { readonly path: string } | { readonly bytes: Uint8Array; readonly where?: string };

/** Answers to a batch of N pictures, K classes. */
export interface BundleAnswers {
  /** `[N,K]` row-major. */
  readonly logits: Float32Array;
  /** `[N,K]` row-major; each row adds up to 1. */
  readonly probabilities: Float32Array;
  /** `[N,size]` row-major: of a bundle that has one (`embeddingOf`) and was opened with it. */
  readonly embedding?: Float32Array;
}

/** What a bundle is to answer besides logits and probabilities. */
export interface BundleOptions {
  readonly embedding?: boolean;
}

/** A bundle that is ready to answer. It holds the engine's memory until it is closed. */
export interface LoadedBundle<R extends Runs = Runs> {
  readonly info: BundleInfo;
  /** Whether calls of `answer` may overlap: as the executor's. */
  readonly runs: R;
  /**
   * Answers to pictures that have gone through the bundle's recipe: uint8 `[N,H,W,C]`, N of any
   * size.
   * Errors: EXECUTION_INPUT where the bytes are no whole number of pictures; EXECUTION_FAILED.
   */
  answer(pixels: Uint8Array): Promise<BundleAnswers>;
  close(): Promise<void>;
}

/**
 * Reads a bundle, checks that its graph is what its metadata says, and that it gives the answers
 * that it was exported with.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, MODEL_UNREADABLE, BUNDLE_INVALID, BUNDLE_PARITY,
 * EXECUTION_FAILED.
 */
export async function loadBundle<R extends Runs>(
  input: BundleInput,
  executor: Executor<R>,
  options?: BundleOptions,
): Promise<LoadedBundle<R>> {
  const where = "path" in input ? input.path : (input.where ?? "bundle");
  const bytes = "path" in input ? await readBytes(input.path) : input.bytes;
  const { info, graph } = readBundle(bytes, where, options);
  return openBundle(await executor.load(graph), executor.runs, info, parityQuestions(info), where);
}

/**
 * A bundle's metadata and graph, which fit together; with `embedding` the graph has that output too,
 * where it can. Errors: MODEL_UNREADABLE, BUNDLE_INVALID.
 */
export function readBundle(
  bytes: Uint8Array,
  where: string,
  { embedding = false }: BundleOptions = {},
): { readonly info: BundleInfo; readonly graph: Graph } {
  const model = parseModel(bytes, where);
  const info = readInfo(model, where);
  const { graph } = decodeMessages(model, where);
  requireInterface(graph, info, where);
  return { info, graph: embedding ? withEmbedding(graph) : graph };
}

/** A noise picture, and what the model must answer to it, where that is known. */
export interface ParityQuestion {
  readonly seed: number;
  /** uint8 `[height,width,channels]` */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly expected?: ParityExample;
}

/** Bytes of noise for one bundle; pictures that are seldom so large are then asked fewer questions. */
const questionBytes = 64 * 2 ** 20;

/** A bundle's parity examples as pictures, each made when it is asked for; one without an answer where it has none. */
export function* parityQuestions({ recipe, parity }: Pick<BundleInfo, "recipe" | "parity">): Generator<ParityQuestion> {
  const count = Math.max(1, Math.floor(questionBytes / recipeSizeBytes(recipe)));
  if (parity.length === 0) yield { seed: 0, pixels: parityPicture(0, recipe) };
  for (const expected of parity.slice(0, count)) {
    yield { seed: expected.seed, pixels: parityPicture(expected.seed, recipe), expected };
  }
}

/**
 * A bundle's program, once it has answered `questions` as it must; it is closed where it does not.
 * Errors: BUNDLE_INVALID for answers that are no numbers, BUNDLE_PARITY, EXECUTION_FAILED.
 */
export async function openBundle<R extends Runs>(
  program: Program,
  runs: R,
  info: BundleInfo,
  questions: Iterable<ParityQuestion>,
  where: string,
): Promise<LoadedBundle<R>> {
  const answer = (pixels: Uint8Array): Promise<BundleAnswers> => runProgram(program, info, pixels);
  try {
    for (const { seed, pixels, expected } of questions) {
      const given = await answer(pixels);
      const place = `${where}, noise picture ${seed}`;
      requireSoundAnswers(given, info.labels.length, place);
      if (expected) requireParity(given.probabilities, expected.probabilities, place, expected.tolerance);
      if (expected?.logits) requireLogitParity(given.logits, expected.logits, place, expected.tolerance);
    }
  } catch (error) {
    await program.close();
    throw error;
  }
  return { info, runs, answer, close: () => program.close() };
}

/** How many pictures uint8 `[N,H,W,C]` holds. Errors: EXECUTION_INPUT for none, or for a part. */
export function countPictures(pixels: Uint8Array, recipe: Pick<Recipe, "height" | "width" | "channels">): number {
  const count = pixels.length / recipeSizeBytes(recipe);
  if (Number.isInteger(count) && count > 0) return count;
  const { height, width, channels } = recipe;
  throw new AppError("EXECUTION_INPUT", {
    required: `one or more pictures of ${height} x ${width} x ${channels} bytes (height, width, channels)`,
    received: `${pixels.length} bytes`,
  });
}

/** Runs an inference graph on pictures `[N,H,W,C]`. Errors: EXECUTION_INPUT, EXECUTION_FAILED. */
export async function runProgram(
  program: Program,
  { recipe }: Pick<BundleInfo, "recipe">,
  pixels: Uint8Array,
): Promise<BundleAnswers> {
  const { height, width, channels } = recipe;
  const shape = [countPictures(pixels, recipe), height, width, channels];
  const outputs = await program.run({ pictures: { dtype: "uint8", shape, data: pixels } });
  const { logits, probabilities, [embeddingOutput]: embedding } = outputs;
  // The graph's outputs were checked to be float32 when it was opened.
  return {
    logits: logits!.data as Float32Array,
    probabilities: probabilities!.data as Float32Array,
    ...(embedding && { embedding: embedding.data as Float32Array }),
  };
}

/**
 * `pictures` uint8 `[N,H,W,C]` of the recipe's size in, `logits` and `probabilities` float32
 * `[N,K]` out.
 */
function requireInterface(graph: Graph, { recipe, labels }: BundleInfo, where: string): void {
  const refuse = (required: string, received: string): AppError =>
    new AppError("BUNDLE_INVALID", { required, received, where });
  const [pictures, ...others] = graph.inputs;
  const name = pictures?.producer.kind === "input" ? pictures.producer.name : undefined;
  if (pictures === undefined || name !== "pictures" || others.length > 0) {
    throw refuse("a graph with one input, 'pictures'", `${graph.inputs.length} inputs, the first '${name}'`);
  }
  const { dtype, shape } = pictures.type;
  const size = [recipe.height, recipe.width, recipe.channels];
  const fitsRecipe =
    shape.length === 4 && typeof shape[0] === "string" && size.every((side, at) => shape[at + 1] === side);
  if (dtype !== "uint8" || !fitsRecipe) {
    throw refuse(`input 'pictures' as uint8 [N,${size.join(",")}], the recipe's size`, formatType(pictures.type));
  }
  for (const output of ["logits", "probabilities"]) {
    const type = graph.outputs[output]?.type;
    if (type?.dtype === "float32" && type.shape.length === 2 && type.shape[1] === labels.length) continue;
    throw refuse(
      `output '${output}' as float32 [N,${labels.length}], one column for each label`,
      type === undefined ? "no such output" : formatType(type),
    );
  }
}
