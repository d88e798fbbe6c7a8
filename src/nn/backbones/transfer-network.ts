/** A network made of a backbone and a head: which part is fixed, which part is trained. */
import { AppError } from "../../base/errors.ts";
import { concat, split, transpose } from "../../graph/ops/movement/movement.ts";
import type { Shape } from "../../graph/tensor-type.ts";
import { input as graphInput, type Value } from "../../graph/value.ts";
import type { Network } from "../architectures/architecture.ts";
import type { Normalization } from "../picture-tensor.ts";
import { createScope, type Scope } from "../scope.ts";
import type { Backbone } from "./backbone.ts";
import { type Block, nodesThrough } from "./blocks.ts";
import { buildHead, type GivenWeights, type HeadOptions, pooledFeatures } from "./head.ts";
import type { BackboneInput } from "./input-recipe.ts";
import { type ReplayOptions, replay, type TunedWeight } from "./replay.ts";

export interface TransferPlan {
  readonly backbone: Backbone;
  /** How many blocks are trained, counted from the features; 0 for the head alone. */
  readonly tunedBlocks: number;
  /** Learning rate of the last block, relative to the head's. */
  readonly rate: number;
  /** Of each block before it, relative to the next. */
  readonly rateDecay: number;
  readonly updatesStatistics: boolean;
  readonly head: HeadOptions;
  /** Mean and deviation of the features `[F]` over the training pictures. */
  readonly standardization: Normalization;
  /** Weights of the head to start from. */
  readonly given?: GivenWeights;
}

/** The name under which bundles and checkpoints keep such a network. */
export const transferArchitecture = "backbone";

/** The network of pictures; `activations` in their place where it starts behind the fixed blocks. */
export function createTransferNetwork(plan: TransferPlan, takes: "pictures" | "activations"): Network {
  const { backbone, head } = plan;
  const { input, layer, name, sha256 } = backbone;
  return {
    architecture: transferArchitecture,
    options: {
      backbone: name,
      sha256,
      layer,
      hidden: head.hidden,
      dropout: head.dropout,
      tunedBlocks: plan.tunedBlocks,
      ...(plan.tunedBlocks > 0 && {
        rate: plan.rate,
        rateDecay: plan.rateDecay,
        batchNorm: plan.updatesStatistics ? "updated" : "frozen",
      }),
    },
    normalization: { mean: input.mean, std: input.std },
    build(scope, x, classes) {
      const cut = takes === "pictures" ? fixedPart(backbone, plan.tunedBlocks, x) : x;
      const features = tunedPart(plan, cut, scope);
      const { standardization, given } = plan;
      return buildHead(scope, pooledFeatures(features), classes, { ...head, standardization, given });
    },
    checkSize({ channels }) {
      if (channels === input.channels) return;
      throw new AppError("CONFIG_INVALID", {
        required: `pictures of ${input.channels} channels, as the backbone ${name} takes them`,
        received: `${channels}`,
        hint: "leave `channels` out",
      });
    },
  };
}

/** The blocks that are trained; errors where the backbone has fewer. */
export function tunedBlocksOf({ blocks, name }: Backbone, count: number): readonly Block[] {
  if (count <= blocks.length) return blocks.slice(blocks.length - count);
  throw new AppError("CONFIG_INVALID", {
    required: `at most the ${blocks.length} blocks of the backbone ${name} to fine-tune`,
    received: `${count}`,
    hint: "see its blocks: pawprint backbone inspect FILE; `fineTune` all takes every one",
  });
}

/** Where the fixed part ends: the value that the trained blocks take. */
export function cutOf(backbone: Backbone, tunedBlocks: number): Value {
  return tunedBlocksOf(backbone, tunedBlocks)[0]?.from ?? backbone.features;
}

/**
 * What the fixed blocks make of normalised pictures float32 `[N,C,H,W]` in RGB, before any block that is trained.
 * Errors: BACKBONE_UNSUITED.
 */
export function fixedPart(backbone: Backbone, tunedBlocks: number, x: Value): Value {
  const entered = asBackboneTakesIt(x, backbone.input);
  const to = cutOf(backbone, tunedBlocks);
  if (to === backbone.pictures) return entered;
  const { pictures: from, name: where } = backbone;
  const nodes = nodesThrough(from, to);
  return replay(
    nodes,
    { from, to, input: entered },
    { scope: noScope, tuned: new Map(), updatesStatistics: false, where },
  );
}

/** The shape of what the fixed blocks give for each picture. Errors: BACKBONE_UNSUITED. */
export function activationShape(backbone: Backbone, tunedBlocks: number): readonly number[] {
  const { channels, height, width } = backbone.input;
  const { shape } = fixedPart(backbone, tunedBlocks, graphInput("x", "float32", ["N", channels, height, width])).type;
  return fixedDims(shape, backbone.name);
}

const noScope = createScope("inference", {
  parameter: ({ name }) => unexpected(name),
  statistic: ({ name }) => unexpected(name),
});

function unexpected(name: string): never {
  throw new AppError("INTERNAL", { required: "a fixed part without parameters", received: name });
}

/** What decides the trained blocks. */
type TunedPlan = Pick<TransferPlan, "backbone" | "tunedBlocks" | "rate" | "rateDecay" | "updatesStatistics">;

function tunedPart(plan: TunedPlan, x: Value, scope: Scope): Value {
  const { backbone, tunedBlocks, updatesStatistics } = plan;
  const blocks = tunedBlocksOf(backbone, tunedBlocks);
  const [first] = blocks;
  if (first === undefined) return x;
  const options: ReplayOptions = {
    scope: scope.within("backbone"),
    tuned: tunedWeights(plan, blocks),
    updatesStatistics,
    where: backbone.name,
  };
  const nodes = blocks.flatMap((block) => block.nodes);
  return replay(nodes, { from: first.from, to: backbone.features, input: x }, options);
}

/**
 * The features of one picture, with the weights of the last `tunedBlocks` blocks from `scope`. Errors: BACKBONE_UNSUITED,
 * CONFIG_INVALID.
 */
export function tunedFeatures(backbone: Backbone, tunedBlocks: number, scope: Scope): Value {
  const { channels, height, width } = backbone.input;
  const cut = fixedPart(backbone, tunedBlocks, graphInput("traced", "float32", [1, channels, height, width]));
  return tunedPart({ backbone, tunedBlocks, rate: 1, rateDecay: 1, updatesStatistics: false }, cut, scope);
}

/** The weights of the trained blocks; one that several blocks share has the rate of the last. */
function tunedWeights(
  { backbone, rate, rateDecay }: TunedPlan,
  blocks: readonly Block[],
): ReadonlyMap<Value, TunedWeight> {
  const tuned = new Map<Value, TunedWeight>();
  for (const [at, { weights }] of blocks.entries()) {
    for (const weight of weights) {
      const name = backbone.nameOf(weight) ?? `weight${tuned.size}`;
      tuned.set(weight, { name: tuned.get(weight)?.name ?? name, rate: rate * rateDecay ** (blocks.length - 1 - at) });
    }
  }
  return tuned;
}

/** From RGB in `[N,C,H,W]` to the order and layout of the backbone. */
function asBackboneTakesIt(x: Value, { order, layout, channels }: BackboneInput): Value {
  const ordered = order === "bgr" && channels === 3 ? concat(split(x, [1, 1, 1], 1).toReversed(), 1) : x;
  return layout === "nhwc" ? transpose(ordered, [0, 2, 3, 1]) : ordered;
}

function fixedDims(shape: Shape, where: string): readonly number[] {
  return shape.slice(1).map((dim) => {
    if (typeof dim === "number") return dim;
    throw new AppError("BACKBONE_UNSUITED", {
      required: "a layer whose numbers have a fixed size for pictures of a fixed size",
      received: `[${shape.join(",")}]`,
      where,
    });
  });
}
