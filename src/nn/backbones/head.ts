/** The head of a transferred network: features to logits. */
import { add, mul, relu } from "../../graph/ops/elementwise/elementwise.ts";
import { flatten } from "../../graph/ops/movement/movement.ts";
import { reduceMean } from "../../graph/ops/reduction.ts";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, type Value } from "../../graph/value.ts";
import { headNormal, heNormal, type Initializer } from "../initializers.ts";
import { dense, dropout } from "../layers.ts";
import type { Normalization } from "../picture-tensor.ts";
import type { Scope } from "../scope.ts";
import { givenValues } from "./replay.ts";

export interface HeadOptions {
  /** Units of a hidden layer; 0 for a linear head. */
  readonly hidden: number;
  /** Share of features set to zero in training. */
  readonly dropout: number;
}

/** Weights by the names of their slots: those of a head that was trained before. */
export type GivenWeights = ReadonlyMap<string, Float32Array>;

/** The numbers of a picture: of maps `[N,C,H,W]` and tokens `[N,T,F]` the mean over their positions. */
export function pooledFeatures(x: Value): Value {
  const rank = x.type.shape.length;
  if (rank === 4) return flatten(reduceMean(x, { axes: [2, 3], keepdims: true }));
  return rank === 3 ? reduceMean(x, { axes: [1], keepdims: false }) : x;
}

/**
 * Features `[N,F]` to logits `[N,classes]`: standardised by the training pictures' mean and deviation,
 * then linear, or with one hidden layer of ReLU. `given` are weights to start from.
 */
export function buildHead(
  parent: Scope,
  features: Value,
  classes: number,
  {
    hidden,
    dropout: rate,
    standardization,
    given,
  }: HeadOptions & {
    readonly standardization: Normalization;
    readonly given?: GivenWeights | undefined;
  },
): Value {
  const scope = parent.within("head");
  const { mean, std } = standardization;
  const scale = constant(
    float32(
      [std.length],
      std.map((deviation) => 1 / deviation),
    ),
  );
  const shift = constant(
    float32(
      [mean.length],
      mean.map((value, at) => -value / std[at]!),
    ),
  );
  let x = add(mul(features, scale), shift);
  const layer = (name: string, input: Value, units: number, initializer: Initializer): Value => {
    const weight = given?.get(`head.${name}.weight`);
    const bias = given?.get(`head.${name}.bias`);
    return dense(scope, name, input, {
      units,
      initializer: weight ? givenValues(weight) : initializer,
      ...(bias && { bias: givenValues(bias) }),
    });
  };
  if (hidden > 0) x = relu(layer("hidden", x, hidden, heNormal));
  return layer("output", dropout(scope, "dropout", x, rate), classes, headNormal);
}
