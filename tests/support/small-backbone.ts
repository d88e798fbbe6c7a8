/** A small network with random weights, as a file that another tool might have written. */
import { createRandom } from "../../src/base/random.ts";
import { importedOp } from "../../src/graph/imported-op.ts";
import { encodeModel } from "../../src/graph/onnx/encode.ts";
import { conv } from "../../src/graph/ops/convolution/conv.ts";
import { add, relu } from "../../src/graph/ops/elementwise/elementwise.ts";
import { gemm } from "../../src/graph/ops/linear.ts";
import { flatten, transpose } from "../../src/graph/ops/movement/movement.ts";
import { batchNormalization } from "../../src/graph/ops/norm.ts";
import { globalAveragePool } from "../../src/graph/ops/pooling/pooling.ts";
import { float32, sizeOf } from "../../src/graph/tensor-type.ts";
import { apply1, constant, graph, input, type Value } from "../../src/graph/value.ts";

export interface SmallBackboneOptions {
  /** Pixels a side; 8 unless given. */
  readonly side?: number;
  readonly layout?: "nchw" | "nhwc";
  /** Rounds the maps, by an op without a gradient. */
  readonly rounds?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Input `images` float32 `[N,3,side,side]` (or `[N,side,side,3]`); a stem, a residual block with a batch norm, a convolution; outputs
 * `scores` `[N,5]`, `features` `[N,12]` and `maps` `[N,12,side/2,side/2]`.
 */
export function smallBackbone({
  side = 8,
  layout = "nchw",
  rounds = false,
  metadata = {},
}: SmallBackboneOptions = {}): Uint8Array {
  const random = createRandom("small backbone");
  const weight = (name: string, shape: readonly number[], scale = 1 / Math.sqrt(sizeOf(shape.slice(1)))) => {
    const stream = random.split(name);
    return constant(
      float32(
        shape,
        Array.from({ length: sizeOf(shape) }, () => stream.normal() * scale),
      ),
    );
  };
  const vector = (name: string, length: number, around: number): Value => {
    const stream = random.split(name);
    return constant(
      float32(
        [length],
        Array.from({ length }, () => around + 0.1 * stream.normal()),
      ),
    );
  };
  const images = input("images", "float32", layout === "nchw" ? ["N", 3, side, side] : ["N", side, side, 3]);
  const same = { pads: [1, 1, 1, 1], strides: [1, 1], group: 1 };
  let x = layout === "nchw" ? images : transpose(images, [0, 3, 1, 2]);
  x = relu(conv(x, weight("stem", [8, 3, 3, 3]), vector("stem.bias", 8, 0), { ...same, strides: [2, 2] }));
  const inner = conv(x, weight("block", [8, 8, 3, 3]), undefined, same);
  const [scale, bias] = [vector("norm.scale", 8, 1), vector("norm.bias", 8, 0)];
  const normal = batchNormalization(inner, scale, bias, vector("norm.mean", 8, 0), vector("norm.variance", 8, 1));
  x = relu(add(x, normal));
  const last = relu(
    conv(x, weight("last", [12, 8, 1, 1]), vector("last.bias", 12, 0), { ...same, pads: [0, 0, 0, 0] }),
  );
  const maps = rounds ? apply1(roundOp(last), [last]) : last;
  const features = flatten(globalAveragePool(maps));
  const scores = gemm(features, weight("scores", [5, 12]), vector("scores.bias", 5, 0), { transB: true });
  return encodeModel(graph("small", [images], { scores, features, maps }), metadata);
}

const roundOp = ({ type }: Value) =>
  importedOp({
    name: "Round",
    domain: "",
    attributeTypes: {},
    outputs: [type],
    imported: { node: "rounding", version: 20, omitted: [] },
  });
