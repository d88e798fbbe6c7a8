/** A backbone: the part of a trained network that turns pictures into features, and what is known of it. */
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import type { OnnxModel } from "../../graph/onnx/decode.ts";
import { formatType, type Shape } from "../../graph/tensor-type.ts";
import type { Value } from "../../graph/value.ts";
import { type Block, blocksBetween, nodesThrough } from "./blocks.ts";
import type { BackboneInput, InputShape } from "./input-recipe.ts";

/** What names a backbone, in a bundle's lineage and in a run. */
export interface BackboneIdentity {
  readonly name: string;
  /** Of the file. */
  readonly sha256: string;
  readonly licence?: string;
  readonly source?: string;
  /** The value that the features are, by its name in the file. */
  readonly layer: string;
}

export interface Backbone extends BackboneIdentity {
  readonly input: BackboneInput;
  /** The graph's input: normalised pictures, float32, in the backbone's layout. */
  readonly pictures: Value;
  /** float32 `[N,F]`, `[N,C,H,W]` or `[N,T,F]`. */
  readonly features: Value;
  /** In order; the last one ends at the features. */
  readonly blocks: readonly Block[];
  /** Names of values in the file. */
  nameOf(value: Value): string | undefined;
}

/** What the input of a model says of the pictures that it takes. Errors: BACKBONE_UNSUITED. */
export function inputShapeOf(model: Pick<OnnxModel, "graph">, where: string): InputShape {
  const { shape } = pictureInputOf(model, where).type;
  const isChannels = (dim: Shape[number] | undefined): boolean => dim === 1 || dim === 3;
  const layout = isChannels(shape[1]) ? "nchw" : isChannels(shape[3]) ? "nhwc" : undefined;
  const [height, width, channels] = layout === "nhwc" ? [shape[1], shape[2], shape[3]] : [shape[2], shape[3], shape[1]];
  return {
    ...(typeof height === "number" && { height }),
    ...(typeof width === "number" && { width }),
    ...(typeof channels === "number" && { channels }),
    ...(layout && { layout }),
  };
}

/** The model's only input, pictures of float32. Errors: BACKBONE_UNSUITED. */
export function pictureInputOf({ graph }: Pick<OnnxModel, "graph">, where: string): Value {
  const [first, ...others] = graph.inputs;
  const { dtype, shape = [] } = first?.type ?? {};
  if (first && others.length === 0 && dtype === "float32" && shape.length === 4) return first;
  throw new AppError("BACKBONE_UNSUITED", {
    required: "a model with one input, pictures float32 [N,3,H,W] or [N,H,W,3]",
    received: first && others.length === 0 ? formatType(first.type) : `${graph.inputs.length} inputs`,
    where,
    hint: `see what it takes: pawprint backbone inspect FILE`,
  });
}

export interface BackboneOptions {
  readonly identity: Omit<BackboneIdentity, "layer">;
  readonly input: BackboneInput;
  /** The most suitable one unless given. */
  readonly layer: string | undefined;
  /** The normalised pictures, where they are not the graph's input. */
  readonly pictures?: Value;
}

/**
 * A model as a backbone, with the layer that is asked for as its features.
 * Errors: BACKBONE_UNSUITED; BACKBONE_INPUT where the recipe contradicts the graph; LAYER_UNKNOWN.
 */
export function createBackbone(model: OnnxModel, { identity, input, layer, ...given }: BackboneOptions): Backbone {
  const where = identity.name;
  const pictures = given.pictures ?? pictureInputOf(model, where);
  requireSameShape(input, pictures, where);
  const names = new Map([...model.values].map(([name, value]) => [value, name]));
  const { name, value: features } = requireFeatures(model, layer, { pictures, where });
  return {
    ...identity,
    layer: name,
    input,
    pictures,
    features,
    blocks: blocksBetween(pictures, features),
    nameOf: (value) => names.get(value),
  };
}

/** The layer of this name as the features, or the most suitable one. Errors: LAYER_UNKNOWN. */
export function requireFeatures(
  model: OnnxModel,
  layer: string | undefined,
  { pictures, where }: { readonly pictures: Value; readonly where: string },
): FeatureCandidate {
  const [chosen] = layer === undefined ? featureCandidates(model) : [];
  const name = layer ?? chosen?.name;
  const value = name === undefined ? undefined : model.values.get(name);
  if (name === undefined || value === undefined || !isFeature(value) || nodesThrough(pictures, value).length === 0) {
    throw unknownLayer(model, layer, where);
  }
  return { name, value, width: featureWidth(value.type.shape) };
}

/** A value that can be the features of a backbone. */
export interface FeatureCandidate {
  readonly name: string;
  readonly value: Value;
  /** Numbers of a picture, after its positions are averaged. */
  readonly width: number;
}

const pooling: ReadonlySet<string> = new Set(["GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "AveragePool"]);

/**
 * The values that can be features, the most suitable first: what the last linear layer takes, the
 * outputs of pooling, outputs of the model besides the last; then, from the end, where blocks end.
 */
export function featureCandidates(model: OnnxModel): readonly FeatureCandidate[] {
  const pictures = model.graph.inputs[0];
  if (pictures === undefined) return [];
  const names = new Map([...model.values].map(([name, value]) => [value, name]));
  const [answers] = Object.values(model.graph.outputs);
  const nodes = answers ? nodesThrough(pictures, answers) : [];
  const linear = nodes.findLast(({ op, inputs }) => isLinear(op.name, inputs));
  const pooled = nodes
    .filter(({ op }) => pooling.has(op.name))
    .flatMap(({ outputs }) => outputs)
    .toReversed();
  const outputs = Object.values(model.graph.outputs).slice(1);
  const blocks = answers ? blocksBetween(pictures, answers).toReversed() : [];
  const wanted = [...outputs, ...(linear?.inputs.slice(0, 1) ?? []), ...pooled, ...blocks.map(({ to }) => to)];
  const seen = new Set<string>();
  return wanted.flatMap((value) => {
    if (value === undefined || value === answers || !isFeature(value)) return [];
    const name = names.get(value);
    if (name === undefined || seen.has(name)) return [];
    seen.add(name);
    return [{ name, value, width: featureWidth(value.type.shape) }];
  });
}

/** A dense layer; also written as a convolution of 1x1 on one position. */
function isLinear(op: string, inputs: readonly (Value | undefined)[]): boolean {
  if (op === "Gemm" || op === "MatMul") return true;
  const [, , height, width] = inputs[0]?.type.shape ?? [];
  return op === "Conv" && height === 1 && width === 1;
}

/** The numbers of a picture, after its positions are averaged. */
export function featureWidth(shape: Shape): number {
  return Number(shape.length === 4 ? shape[1] : shape.at(-1));
}

function isFeature({ type: { dtype, shape } }: Value): boolean {
  return (
    dtype === "float32" &&
    shape.length >= 2 &&
    shape.length <= 4 &&
    shape.slice(1).every((dim) => typeof dim === "number")
  );
}

function unknownLayer(model: OnnxModel, layer: string | undefined, where: string): AppError {
  const names = featureCandidates(model).map(({ name }) => name);
  const shown = names.slice(0, 6).join(", ") || "none of its values will do";
  const nearest = layer === undefined ? undefined : hintForName(layer, [...model.values.keys()]);
  return new AppError("LAYER_UNKNOWN", {
    required: `a layer of the backbone with numbers of a fixed size, such as ${shown}`,
    received: layer === undefined ? "a model without one" : `'${layer}'`,
    where,
    hint: nearest ?? "see all layers: pawprint backbone inspect FILE",
  });
}

/** Errors: BACKBONE_INPUT where a recipe contradicts the graph. */
export function requireSameShape(input: BackboneInput, pictures: Value, where: string): void {
  const { height, width, channels, layout } = input;
  const asked = layout === "nchw" ? [channels, height, width] : [height, width, channels];
  const fits = asked.every((side, at) => {
    const dim = pictures.type.shape[at + 1];
    return typeof dim !== "number" || dim === side;
  });
  if (fits) return;
  throw new AppError("BACKBONE_INPUT", {
    required: `pictures of the graph's input, ${formatType(pictures.type)}`,
    received: `a declaration of ${width}x${height} pixels, ${channels} channels, ${layout}`,
    where,
  });
}
