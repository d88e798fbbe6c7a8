/** A backbone from a file: any ONNX model of pictures, or a bundle of ours. */
import { basename } from "node:path";
import { AppError } from "../../base/errors.ts";
import { sha256 } from "../../base/hash.ts";
import { readInfo } from "../../bundle/bundle.ts";
import { embeddingOf } from "../../bundle/embedding.ts";
import { decodeMessages, type OnnxModel } from "../../graph/onnx/decode.ts";
import { metadataOf, type ParsedModel, parseModel } from "../../graph/onnx/metadata.ts";
import { openOnnxFile } from "../../graph/onnx/open-onnx-file.ts";
import { nodesOf, type Value } from "../../graph/value.ts";
import { type Backbone, createBackbone, inputShapeOf } from "../../nn/backbones/backbone.ts";
import {
  type BackboneCard,
  type BackboneInput,
  inputHint,
  parseBackboneInput,
} from "../../nn/backbones/input-recipe.ts";
import { cardPathOf, declaredCard } from "./backbone-card.ts";

export interface OpenBackboneOptions {
  /** How it takes pictures, as `parseBackboneInput` reads it; goes before what files say. */
  readonly input?: string | undefined;
  /** The value that the features are; the most suitable one unless given. */
  readonly layer?: string | undefined;
}

/**
 * Opens a model as a backbone. How it takes pictures is what the caller says, else its side-car file, else its
 * metadata, else the catalogue, which knows files by their hash; it is never guessed. Weights in files beside it count into its hash. A bundle of ours knows it.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, MODEL_UNREADABLE; BACKBONE_INPUT where nobody declared the input;
 * BACKBONE_UNSUITED, LAYER_UNKNOWN; BUNDLE_INVALID.
 */
export async function openBackbone(path: string, options: OpenBackboneOptions = {}): Promise<Backbone> {
  const bytes = await openOnnxFile(path);
  const parsed = parseModel(bytes, path);
  const hash = sha256(bytes);
  const metadata = metadataOf(parsed);
  if (metadata["pawprint.format"] !== undefined) return openBundleBackbone(parsed, hash, path, options);
  const model = decodeMessages(parsed, path);
  const card: BackboneCard = (await declaredCard(path, { sha256: hash, metadata })) ?? {};
  const input = declaredInput(model, card, options.input, path);
  const { name = basename(path), licence, source } = card;
  const identity = { name, sha256: hash, ...(licence && { licence }), ...(source && { source }) };
  return createBackbone(model, { identity, input, layer: options.layer ?? card.layer });
}

function declaredInput(model: OnnxModel, card: BackboneCard, given: string | undefined, path: string): BackboneInput {
  const shape = inputShapeOf(model, path);
  if (given !== undefined) return parseBackboneInput(given, shape, path);
  if (card.input) return card.input;
  throw new AppError("BACKBONE_INPUT", {
    required: "a declaration of how the backbone takes pictures",
    received: "none",
    where: path,
    hint: `${inputHint}; or write it into ${basename(cardPathOf(path))}`,
  });
}

/** Its graph begins with the normalisation of raw pictures: what comes behind that is the backbone. */
function openBundleBackbone(
  parsed: ParsedModel,
  hash: string,
  path: string,
  { input: given, layer }: OpenBackboneOptions,
): Backbone {
  const info = readInfo(parsed, path);
  if (given !== undefined) {
    throw new AppError("BACKBONE_INPUT", {
      required: "no declaration for a bundle, which knows how it takes pictures",
      received: `'${given}'`,
      where: path,
      hint: "leave `backboneInput` out",
    });
  }
  const model = decodeMessages(parsed, path);
  const pictures = normalizedPictures(model);
  const { height, width, channels, fit } = info.recipe;
  const normalization = pictures && normalizationOf(pictures);
  const embedding = embeddingOf(model.graph);
  if (!pictures || !normalization || !embedding) {
    throw new AppError("BACKBONE_UNSUITED", {
      required: "a bundle that normalises its pictures first and ends in a linear layer",
      received: "another graph",
      where: path,
    });
  }
  const chosen = layer ?? [...model.values].find(([, value]) => value === embedding.activations)?.[0];
  const { mean, std } = normalization;
  return createBackbone(model, {
    identity: { name: basename(path), sha256: hash },
    input: { height, width, channels, layout: "nchw", order: "rgb", fit, mean, std },
    layer: chosen,
    pictures,
  });
}

/** (pixel * scale + shift), the first float32 `[N,C,H,W]` of a bundle's graph; see `normalizePictures`. */
function normalizedPictures({ graph }: OnnxModel): Value | undefined {
  const first = nodesOf(Object.values(graph.outputs)).find(({ op, inputs }) => {
    const [scaled] = inputs;
    return op.name === "Add" && scaled?.producer.kind === "node" && scaled.producer.op.name === "Mul";
  });
  return first?.outputs[0];
}

function normalizationOf({ producer }: Value): { readonly mean: number[]; readonly std: number[] } | undefined {
  if (producer.kind !== "node") return undefined;
  const [scaled, shift] = producer.inputs;
  const scale = scaled?.producer.kind === "node" ? scaled.producer.inputs[1] : undefined;
  if (shift?.producer.kind !== "constant" || scale?.producer.kind !== "constant") return undefined;
  const std = Array.from(scale.producer.tensor.data, Number).map((value) => 1 / (255 * value));
  const mean = Array.from(shift.producer.tensor.data, Number).map((value, channel) => -value * std[channel]!);
  return { mean, std };
}
