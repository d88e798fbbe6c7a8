/**
 * The bundle: one `.onnx` file that is a whole deployable model.
 *
 * Its graph takes raw pictures, `pictures` uint8 `[N,H,W,C]` (RGB or grey, 0 to 255), and gives
 * `logits` and `probabilities`, float32 `[N,K]`; normalisation is inside, so no caller can do it
 * differently. Everything else that a server must know stands in the model's metadata_props under
 * `pawprint.*`, as JSON. Any ONNX runtime runs it; no other file is needed.
 */
import { type Static, Type } from "typebox";
import { jsonFaultOf, parseBoundedJson } from "../base/bounded-json.ts";
import { AppError } from "../base/errors.ts";
import type { DeepReadonly } from "../base/freeze.ts";
import { createRandom } from "../base/random.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import {
  type Metadata,
  metadataOf,
  type ParsedModel,
  parseModel,
  replaceMetadata,
  withMetadata,
} from "../graph/onnx/metadata.ts";
import { modelDigest } from "../graph/onnx/model-digest.ts";
import type { Graph } from "../graph/value.ts";
import { parseRecipe, type Recipe } from "../image/recipe.ts";
import { type ReferenceProfile, referenceSchema, requireReference } from "./reference-profile.ts";

export const bundleFormat = 1;

/** More rows would make a bundle larger without being seen in a curve. */
export const maximumHistory = 400;

/** Classes of one model; ImageNet-21k has 21,841. */
export const maximumLabels = 32_768;

/** A parity example costs one inference whenever a bundle is opened. */
const maximumParity = 64;

const Line = Type.String({ maxLength: 4096 });

const parts = {
  labels: Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { minItems: 2, maxItems: maximumLabels }),
  recipe: Type.Unknown(),
  architecture: Type.Object({ name: Line, options: Type.Record(Type.String(), Type.Unknown()) }),
  lineage: Type.Object({
    runId: Line,
    datasetHash: Line,
    source: Line,
    createdAt: Line,
    seed: Type.Number(),
    gitCommit: Type.Optional(Line),
    /** The version of the data that the pictures were of. */
    data: Type.Optional(
      Type.Object({
        /** Of a folder it ends in `.dir`. */
        md5: Line,
        path: Line,
        /** The `.dvc` file or dvc.yaml that names it. */
        file: Line,
        /** The Git commit that it was read at, where it was not checked out. */
        commit: Type.Optional(Line),
        /** False where the pictures were changed since, or where that was not known. */
        isClean: Type.Boolean(),
      }),
    ),
    /** The stage of a pipeline that the training was. */
    pipeline: Type.Optional(Type.Object({ stage: Line, lock: Type.Optional(Line) })),
    /** The pretrained model that the network was made of. */
    backbone: Type.Optional(
      Type.Object({
        name: Line,
        sha256: Line,
        /** The value that its features are, by its name in the file. */
        layer: Line,
        licence: Type.Optional(Line),
        source: Type.Optional(Line),
      }),
    ),
    /** How a bundle of floats became this one of 8 bits. */
    quantization: Type.Optional(
      Type.Object({
        /** SHA-256 of the float bundle's file. */
        from: Line,
        /** How activations got their ranges: minmax, percentile or mse. */
        method: Line,
        /** Pictures of the train split that the activations were measured on, and the seed that chose them. */
        pictures: Type.Integer({ minimum: 1 }),
        seed: Type.Number(),
        weights: Line,
        activations: Line,
        /** Layers with weights, and how many of them compute with 8 bits. */
        layers: Type.Integer({ minimum: 1 }),
        quantizedLayers: Type.Integer({ minimum: 1 }),
      }),
    ),
    /** How the splits were cut, where it was not by default. */
    splits: Type.Optional(
      Type.Object({
        proportions: Type.Optional(Type.Object({ train: Type.Number(), val: Type.Number(), test: Type.Number() })),
        salt: Type.Optional(Line),
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
  parity: Type.Array(
    Type.Object({
      seed: Type.Integer(),
      probabilities: Type.Array(Type.Number()),
      /** Left out by earlier versions. */
      logits: Type.Optional(Type.Array(Type.Number())),
      tolerance: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    }),
    { maxItems: maximumParity },
  ),
  reference: referenceSchema,
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
  readonly parity: readonly ParityExample[];
  /**
   * What a monitor compares pictures and answers with. Bundles of before this was kept have none;
   * `pawprint monitor reference` makes one.
   */
  readonly reference?: ReferenceProfile;
  /**
   * SHA-256 of the graph, its tensors and the rest of this metadata, written at export; it was
   * checked when the bundle was read. Bundles of before this was kept have none.
   */
  readonly digest?: string;
}

/** What the model answers to the noise picture of a seed. */
export interface ParityExample {
  readonly seed: number;
  readonly probabilities: readonly number[];
  /** Probabilities near 0 and 1 hide changes of the weights, logits do not. */
  readonly logits?: readonly number[];
  /** How far answers may be from it, where 1e-4 is too little: those of quantised models go in steps. */
  readonly tolerance?: number;
}

/** Writes the inference graph with its metadata, and a digest of both, as the bytes of a bundle. */
export function encodeBundle(inference: Graph, { digest: _, ...info }: BundleInfo): Uint8Array<ArrayBuffer> {
  const fields = Object.entries(info).map(([key, value]) => [`${prefix}${key}`, JSON.stringify(value)]);
  const metadata = { [`${prefix}format`]: String(bundleFormat), ...Object.fromEntries(fields) };
  const bytes = encodeModel(inference, metadata);
  return withMetadata(bytes, digestKey, digestOf(parseModel(bytes, undefined)));
}

/**
 * A bundle with another reference profile: graph, weights and the rest of the metadata stay, and the
 * digest is that of the new whole. Errors: as `parseBundle`.
 */
export function withReference(bytes: Uint8Array, reference: ReferenceProfile, where: string): Uint8Array<ArrayBuffer> {
  const model = parseModel(bytes, where);
  const { labels } = readInfo(model, where);
  requireReference(reference, labels.length, where);
  const metadata = { ...metadataOf(model), [referenceKey]: JSON.stringify(reference) };
  const changed = replaceMetadata(model, metadata);
  return replaceMetadata(model, { ...metadata, [digestKey]: digestOf(parseModel(changed, where)) });
}

const prefix = "pawprint.";
const referenceKey = `${prefix}reference`;
const digestKey = `${prefix}digest`;

/** Of what decides the answers and their meaning: other tools may add metadata of their own. */
function digestOf(model: ParsedModel): string {
  const own = Object.entries(metadataOf(model)).filter(([key]) => key.startsWith(prefix) && key !== digestKey);
  return modelDigest(model, Object.fromEntries(own));
}

/**
 * Reads a bundle's metadata, and checks the digest where it has one.
 * Errors: MODEL_UNREADABLE for bytes that are no ONNX model; BUNDLE_INVALID for a model that is no
 * bundle, one of another format, and one that was changed after export.
 */
export function parseBundle(bytes: Uint8Array, where: string): BundleInfo {
  return readInfo(parseModel(bytes, where), where);
}

/** The same for a model whose messages are at hand. */
export function readInfo(model: ParsedModel, where: string): BundleInfo {
  const metadata = metadataOf(model);
  const format = metadata[`${prefix}format`];
  if (format !== String(bundleFormat)) {
    throw new AppError("BUNDLE_INVALID", {
      required: `a bundle with pawprint.format ${bundleFormat} in its metadata`,
      received: format === undefined ? "an ONNX model without it" : `format ${format.slice(0, 40)}`,
      where,
      hint: "train one with: pawprint train --data FOLDER",
    });
  }
  const digest = metadata[digestKey];
  if (digest !== undefined && digest !== digestOf(model)) {
    throw new AppError("BUNDLE_INVALID", {
      required: "graph, weights and metadata as they were exported (pawprint.digest)",
      received: "others",
      where,
      hint: "the file is damaged or was changed: copy it again; if you changed it yourself, remove pawprint.digest",
    });
  }
  return { ...readParts(metadata, where), ...(digest !== undefined && { digest }) };
}

function readParts(metadata: Metadata, where: string): BundleInfo {
  const read = <K extends keyof typeof parts>(key: K): Static<(typeof parts)[K]> => {
    const value = parseJson(metadata, key, where);
    const fault = schemaFault(parts[key], value);
    if (!fault) return value as Static<(typeof parts)[K]>;
    const received = fault.received.length > 200 ? `${fault.received.slice(0, 200)}...` : fault.received;
    throw new AppError("BUNDLE_INVALID", {
      required: `${expectedOf(fault, `${prefix}${key}`)} in its metadata`,
      received,
      where,
    });
  };
  const labels = read("labels");
  requireLabels(labels, where);
  const hasHistory = metadata[`${prefix}history`] !== undefined;
  const reference = metadata[referenceKey] === undefined ? undefined : read("reference");
  if (reference) requireReference(reference, labels.length, where);
  return {
    labels,
    recipe: parseRecipe(read("recipe")),
    architecture: read("architecture"),
    lineage: read("lineage"),
    evaluation: read("evaluation"),
    ...(hasHistory && { history: read("history") }),
    parity: read("parity"),
    ...(reference && { reference }),
  };
}

/** Labels go into headers, addresses and logs, which take whole characters alone. */
function requireLabels(labels: readonly string[], where: string): void {
  const broken = labels.find((label) => /\p{Surrogate}/u.test(label));
  if (broken === undefined) return;
  throw new AppError("BUNDLE_INVALID", {
    required: "labels of whole characters for pawprint.labels in its metadata",
    received: JSON.stringify(broken.slice(0, 80)),
    where,
  });
}

/**
 * A picture of uniform noise, uint8 `[height,width,channels]`: a parity example without personal
 * data.
 */
export function parityPicture(
  seed: number,
  recipe: Pick<Recipe, "height" | "width" | "channels">,
): Uint8Array<ArrayBuffer> {
  const random = createRandom(seed);
  return Uint8Array.from({ length: recipe.height * recipe.width * recipe.channels }, () => random.integer(256));
}

function parseJson(metadata: Metadata, key: string, where: string): unknown {
  const text = metadata[`${prefix}${key}`];
  if (text === undefined) return undefined;
  const refuse = (received: string, cause?: unknown): AppError =>
    new AppError("BUNDLE_INVALID", { required: `JSON for ${prefix}${key} in its metadata`, received, where, cause });
  let value: unknown;
  try {
    value = parseBoundedJson(text);
  } catch (error) {
    throw refuse(jsonFaultOf(error), error);
  }
  // Such as 1e999.
  if (!hasFiniteNumbers(value)) throw refuse("a number beyond all numbers");
  return value;
}

function hasFiniteNumbers(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(hasFiniteNumbers);
}
