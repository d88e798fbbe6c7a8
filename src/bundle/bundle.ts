/**
 * The bundle: one `.onnx` file that is a whole deployable model.
 *
 * Its graph takes raw pictures, `pictures` uint8 `[N,H,W,C]` (RGB or grey, 0 to 255), and gives
 * `logits` and `probabilities`, float32 `[N,K]`; normalisation is inside, so no caller can do it
 * differently. Everything else that a server must know stands in the model's metadata_props under
 * `pawprint.*`, as JSON. Any ONNX runtime runs it; no other file is needed.
 */
import { type Static, Type } from "typebox";
import { parseBoundedJson } from "../base/bounded-json.ts";
import { AppError } from "../base/errors.ts";
import type { DeepReadonly } from "../base/freeze.ts";
import { createRandom } from "../base/random.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { readMetadata } from "../graph/onnx/metadata.ts";
import type { Graph } from "../graph/value.ts";
import { parseRecipe, type Recipe } from "../image/recipe.ts";

export const bundleFormat = 1;

/** More rows would make a bundle larger without being seen in a curve. */
export const maximumHistory = 400;

const parts = {
  labels: Type.Array(Type.String({ minLength: 1 }), { minItems: 2 }),
  recipe: Type.Unknown(),
  architecture: Type.Object({ name: Type.String(), options: Type.Record(Type.String(), Type.Unknown()) }),
  lineage: Type.Object({
    runId: Type.String(),
    datasetHash: Type.String(),
    source: Type.String(),
    createdAt: Type.String(),
    seed: Type.Number(),
    gitCommit: Type.Optional(Type.String()),
    /** How the splits were cut, where it was not by default. */
    splits: Type.Optional(
      Type.Object({
        proportions: Type.Optional(Type.Object({ train: Type.Number(), val: Type.Number(), test: Type.Number() })),
        salt: Type.Optional(Type.String()),
        fold: Type.Optional(Type.Object({ index: Type.Integer(), count: Type.Integer() })),
      }),
    ),
  }),
  evaluation: Type.Record(Type.String(), Type.Unknown()),
  history: Type.Array(
    Type.Object({
      epoch: Type.Integer({ minimum: 1 }),
      trainLoss: Type.Number(),
      trainAccuracy: Type.Number(),
      validationLoss: Type.Number(),
      validationAccuracy: Type.Number(),
      learningRate: Type.Number(),
    }),
    { maxItems: maximumHistory },
  ),
  parity: Type.Array(Type.Object({ seed: Type.Integer(), probabilities: Type.Array(Type.Number()) })),
};

/** Where a bundle comes from. */
export type Lineage = Static<typeof parts.lineage>;

/** The training's epochs, or as many of them as a curve needs; without times, which differ from run to run. */
export type BundleHistory = DeepReadonly<Static<typeof parts.history>>;

/** The metadata of a bundle: classes, preprocessing, architecture, lineage, evaluation. */
export interface BundleInfo {
  /** Class names; the position is the class index. */
  readonly labels: readonly string[];
  readonly recipe: Recipe;
  readonly architecture: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly lineage: Lineage;
  /** Figures of the evaluation on the test split. */
  readonly evaluation: Readonly<Record<string, unknown>>;
  /** Bundles of before this was kept, and those of other programs, have none. */
  readonly history?: BundleHistory;
  /**
   * What the model must answer to pictures of seeded noise (`parityPicture`); a server checks it
   * after loading.
   */
  readonly parity: readonly { readonly seed: number; readonly probabilities: readonly number[] }[];
}

/** Writes the inference graph with its metadata as the bytes of a bundle. */
export function encodeBundle(inference: Graph, info: BundleInfo): Uint8Array {
  const fields = Object.entries(info).map(([key, value]) => [`pawprint.${key}`, JSON.stringify(value)]);
  return encodeModel(inference, { "pawprint.format": String(bundleFormat), ...Object.fromEntries(fields) });
}

/**
 * Reads a bundle's metadata.
 * Errors: MODEL_UNREADABLE for bytes that are no ONNX model; BUNDLE_INVALID for a model that is no
 * bundle, or one of another format.
 */
export function parseBundle(bytes: Uint8Array, where: string): BundleInfo {
  const metadata = readMetadata(bytes, where);
  const format = metadata["pawprint.format"];
  if (format !== String(bundleFormat)) {
    throw new AppError("BUNDLE_INVALID", {
      required: `a bundle with pawprint.format ${bundleFormat} in its metadata`,
      received: format === undefined ? "an ONNX model without it" : `format ${format}`,
      where,
      hint: "train one with: pawprint train --data FOLDER",
    });
  }
  const read = <K extends keyof typeof parts>(key: K): Static<(typeof parts)[K]> => {
    const value = parseJson(metadata[`pawprint.${key}`]);
    const fault = schemaFault(parts[key], value);
    if (!fault) return value as Static<(typeof parts)[K]>;
    throw new AppError("BUNDLE_INVALID", {
      required: `${expectedOf(fault, `pawprint.${key}`)} in its metadata`,
      received: fault.received,
      where,
    });
  };
  const hasHistory = metadata["pawprint.history"] !== undefined;
  return {
    labels: read("labels"),
    recipe: parseRecipe(read("recipe")),
    architecture: read("architecture"),
    lineage: read("lineage"),
    evaluation: read("evaluation"),
    ...(hasHistory && { history: read("history") }),
    parity: read("parity"),
  };
}

/**
 * A picture of uniform noise, uint8 `[height,width,channels]`: a parity example without personal
 * data.
 */
export function parityPicture(seed: number, recipe: Pick<Recipe, "height" | "width" | "channels">): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: recipe.height * recipe.width * recipe.channels }, () => random.integer(256));
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined;
  }
}
