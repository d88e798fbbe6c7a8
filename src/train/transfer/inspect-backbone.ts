/** What a model file is as a backbone: its layers and blocks, candidates for features, and what has to be declared. */
import { AppError, isAppError } from "../../base/errors.ts";
import { sha256InPieces } from "../../base/hash.ts";
import { embeddingOf } from "../../bundle/embedding.ts";
import { decodeMessages, type OnnxModel } from "../../graph/onnx/decode.ts";
import { metadataOf, type ParsedModel, parseModel } from "../../graph/onnx/metadata.ts";
import { openOnnxFile } from "../../graph/onnx/open-onnx-file.ts";
import type { Shape, TensorType } from "../../graph/tensor-type.ts";
import { nodesOf, type Value } from "../../graph/value.ts";
import { featureCandidates, pictureInputOf, requireFeatures } from "../../nn/backbones/backbone.ts";
import { blocksBetween, nodesThrough } from "../../nn/backbones/blocks.ts";
import {
  type BlockSummary,
  countMultiplyAdds,
  countParameters,
  type LayerSummary,
  type OperationSummary,
  summarizeBlocks,
  summarizeLayers,
  summarizeOperations,
} from "../../nn/backbones/network-summary.ts";
import { type DeclaredBackbone, declaredCard } from "./backbone-card.ts";
import { openBackbone } from "./open-backbone.ts";

export interface InspectBackboneOptions {
  /** The value to take as the features; the most suitable one unless given. */
  readonly layer?: string;
}

export interface PortSummary extends TensorType {
  readonly name: string;
}

/** A value that can be the features. */
export interface CandidateSummary {
  readonly name: string;
  readonly shape: Shape;
  /** Numbers of a picture, after its positions are averaged. */
  readonly width: number;
  /** The one that a training takes where none is named. */
  readonly isRecommended: boolean;
}

export interface BackboneInspection {
  readonly path: string;
  /** With weights in files beside it; so is the hash. */
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly kind: "model" | "bundle";
  readonly producer: string;
  readonly opset: number;
  readonly graphName: string;
  /** The file's own, long values cut. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly PortSummary[];
  readonly outputs: readonly PortSummary[];
  readonly nodes: number;
  /** Of all nodes. */
  readonly parameters: number;
  readonly operations: readonly OperationSummary[];
  /** From the pictures to the features; undefined where the model cannot be a backbone. */
  readonly backbone?: {
    readonly layer: string;
    readonly width: number;
    readonly parameters: number;
    /** For one picture; undefined where sizes are open. */
    readonly multiplyAdds?: number;
    readonly blocks: readonly BlockSummary[];
    /** Nodes up to the features that have no gradient: frozen features only. */
    readonly withoutGradient: readonly string[];
    readonly candidates: readonly CandidateSummary[];
  };
  /** Why it cannot be one. */
  readonly unsuited?: string;
  readonly layers: readonly LayerSummary[];
  readonly declared?: DeclaredBackbone;
}

/**
 * Looks into a model, or a bundle of ours, without running it.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, MODEL_UNREADABLE, BUNDLE_INVALID; LAYER_UNKNOWN; BACKBONE_INPUT for a side-car
 * file that cannot be understood, or describes another file.
 */
export async function inspectBackbone(
  path: string,
  { layer }: InspectBackboneOptions = {},
): Promise<BackboneInspection> {
  const bytes = await openOnnxFile(path);
  const parsed = parseModel(bytes, path);
  const model = decodeMessages(parsed, path);
  const sha256 = await sha256InPieces(bytes);
  const isBundle = model.metadata["pawprint.format"] !== undefined;
  const declared = isBundle ? undefined : await declaredCard(path, { sha256, metadata: model.metadata });
  const { graph } = model;
  const names = new Map([...model.values].map(([name, value]) => [value, name]));
  const nameOf = (value: Value): string | undefined => names.get(value);
  const nodes = nodesOf(Object.values(graph.outputs));
  const found = await networkOf(model, path, layer ?? declared?.layer, isBundle);
  const blocks = "pictures" in found ? blocksBetween(found.pictures, found.features) : [];
  const ports = (values: readonly (readonly [string, Value])[]): PortSummary[] =>
    values.map(([name, { type }]) => ({ name, ...type }));
  return {
    path,
    sizeBytes: bytes.length,
    sha256,
    kind: isBundle ? "bundle" : "model",
    producer: [parsed.producerName, parsed.producerVersion].filter((text) => text !== "").join(" "),
    opset: model.opset,
    graphName: graph.name,
    metadata: shortMetadata(parsed),
    inputs: ports(graph.inputs.map((value) => [nameOf(value) ?? "", value])),
    outputs: ports(Object.entries(graph.outputs)),
    nodes: nodes.length,
    parameters: countParameters(nodes),
    operations: summarizeOperations(nodes, nameOf),
    ...("pictures" in found ? { backbone: partOf(model, found, blocks, nameOf) } : found),
    layers: summarizeLayers(nodes, blocks, nameOf),
    ...("pictures" in found && found.card && { declared: found.card }),
    ...(declared && { declared }),
  };
}

interface Network {
  readonly pictures: Value;
  readonly features: Value;
  readonly layer: string;
  readonly width: number;
  readonly card?: DeclaredBackbone;
}

/** From the pictures to the features, or why there is none. A layer that was asked for has to be there. */
async function networkOf(
  model: OnnxModel,
  path: string,
  layer: string | undefined,
  isBundle: boolean,
): Promise<Network | { readonly unsuited: string }> {
  try {
    if (isBundle) {
      const { input, licence, source, ...backbone } = await openBackbone(path, { layer });
      const { name, width } = requireFeatures(model, backbone.layer, { pictures: model.graph.inputs[0]!, where: path });
      const card = {
        from: "bundle",
        input,
        layer: name,
        ...(licence && { licence }),
        ...(source && { source }),
      } as const;
      // Values of another decoding of the file: those of this one have the same names.
      const pictures = valueNamed(model, backbone.nameOf(backbone.pictures), path);
      return { pictures, features: valueNamed(model, name, path), layer: name, width, card };
    }
    const pictures = pictureInputOf(model, path);
    const { name, value, width } = requireFeatures(model, layer, { pictures, where: path });
    return { pictures, features: value, layer: name, width };
  } catch (error) {
    const isExpected =
      isAppError(error, "BACKBONE_UNSUITED") || (layer === undefined && isAppError(error, "LAYER_UNKNOWN"));
    if (!isExpected) throw error;
    return { unsuited: error.message };
  }
}

function valueNamed({ values }: OnnxModel, name: string | undefined, where: string): Value {
  const value = name === undefined ? undefined : values.get(name);
  if (value) return value;
  throw new AppError("BACKBONE_UNSUITED", { required: "a bundle whose pictures have a name", received: "none", where });
}

function partOf(
  model: OnnxModel,
  { pictures, features, layer, width, card }: Network,
  blocks: ReturnType<typeof blocksBetween>,
  nameOf: (value: Value) => string | undefined,
): NonNullable<BackboneInspection["backbone"]> {
  const nodes = nodesThrough(pictures, features);
  const isBundle = card?.from === "bundle";
  const ofBundle = isBundle ? embeddingOf(model.graph)?.activations : undefined;
  const answers = new Set(isBundle ? Object.values(model.graph.outputs) : []);
  const candidates = featureCandidates(model).filter(({ value }) => !answers.has(value));
  const recommended = ofBundle ?? candidates[0]?.value;
  const multiplyAdds = countMultiplyAdds(nodes);
  return {
    layer,
    width,
    parameters: countParameters(nodes),
    ...(multiplyAdds !== undefined && { multiplyAdds }),
    blocks: summarizeBlocks(blocks, nameOf),
    withoutGradient: summarizeOperations(nodes, nameOf).flatMap(({ name, withoutGradient }) =>
      withoutGradient.map((node) => `${name} (${node})`),
    ),
    candidates: candidates.map(({ name, value, width }) => ({
      name,
      shape: value.type.shape,
      width,
      isRecommended: value === recommended,
    })),
  };
}

const longestMetadata = 200;
const mostMetadata = 50;

function shortMetadata(parsed: ParsedModel): Readonly<Record<string, string>> {
  const entries = Object.entries(metadataOf(parsed)).slice(0, mostMetadata);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      value.length > longestMetadata ? `${value.slice(0, longestMetadata)}... (${value.length} characters)` : value,
    ]),
  );
}
