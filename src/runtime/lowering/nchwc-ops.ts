/**
 * ONNX Runtime's internal operators for blocked pictures (domain com.microsoft.nchwc), as ops that
 * a lowered graph may use.
 *
 * A blocked tensor is declared `[N, C, H, W]` like a plain one, but lies in memory as `[N, C/b, H,
 * W, b]`, where b is the block size of this machine's vector unit. Weights declared `[O, C, kh,
 * kw]` lie as `[O/b, C/b, kh, kw, b(C), b(O)]`, depthwise ones `[C, 1, kh, kw]` as `[C/b, kh, kw,
 * b]`. A channel count below b stays plain on the input side.
 *
 * They are not in the op table: they exist only behind the executor port, in graphs made for this
 * machine's CPU.
 */
import { AppError } from "../../base/errors.ts";
import { type Attributes, type AttributeType, findOp, type Op, type ReferenceTensor } from "../../graph/op.ts";
import { listAttribute } from "../../graph/shape-rules.ts";
import { fixedShape, sizeOf, type TensorType } from "../../graph/tensor-type.ts";
import { quad } from "../../graph/window.ts";

const domain = "com.microsoft.nchwc";
const windowTypes = {
  kernel_shape: "ints",
  strides: "ints",
  pads: "ints",
  dilations: "ints",
} as const satisfies Record<string, AttributeType>;

export interface BlockedOps {
  /** The number of channels that lie side by side. */
  readonly block: number;
  readonly reorderInput: Op;
  readonly reorderOutput: Op;
  /**
   * Inputs: picture, weights, bias? [O], sum? (a tensor added before the activation, overwritten in
   * place).
   */
  readonly conv: Op;
  readonly maxPool: Op;
  readonly averagePool: Op;
  readonly globalAveragePool: Op;
  readonly upsample: Op;
}

/**
 * The internal operators for one block size, each with its shape rule and its float64 reference in
 * terms of the ONNX op.
 */
export function blockedOps(block: number): BlockedOps {
  const define = (
    name: string,
    doc: string,
    attributeTypes: Op["attributeTypes"],
    infer: Op["infer"],
    reference: Op["reference"],
  ): Op => ({
    name,
    domain,
    doc,
    attributeTypes,
    infer,
    reference,
    gradient: { none: "made after differentiation" },
    samples: [],
  });
  const toBlocked = (tensor: ReferenceTensor) => permute(tensor, block, "to");
  const toPlain = (tensor: ReferenceTensor) => permute(tensor, block, "from");

  const pooling = (name: string, onnx: string, doc: string) =>
    define(name, doc, { ...windowTypes, count_include_pad: "int" }, pooledType, ([x], attributes) =>
      standard(onnx)
        .reference([toPlain(x!)], attributes)
        .map(toBlocked),
    );

  return {
    block,
    reorderInput: define(
      "ReorderInput",
      "plain [N,C,H,W] to blocked",
      { channels_last: "int" },
      ([x]) => [x!],
      ([x]) => [toBlocked(x!)],
    ),
    reorderOutput: define(
      "ReorderOutput",
      "blocked to plain [N,C,H,W]",
      { channels: "int", channels_last: "int" },
      ([x]) => [x!],
      ([x]) => [toPlain(x!)],
    ),
    conv: define(
      "Conv",
      "y = activation(conv(x, w) + bias + sum) on blocked tensors",
      { ...windowTypes, group: "int", activation: "string", activation_params: "floats" },
      ([x, w], attributes) => [convType(x!, w!, attributes)],
      ([x, w, bias, sum], attributes) => {
        const group = Number(attributes.group ?? 1);
        const { activation: _, activation_params: __, ...window } = attributes;
        const plainInput = x!.shape[1]! < block ? x! : toPlain(x!);
        const [y] = standard("Conv").reference([plainInput, plainWeights(w!, block, group), bias], window);
        const blocked = toBlocked(y!);
        const data = blocked.data.map((value, at) => activate(value + (sum?.data[at] ?? 0), attributes));
        return [{ ...blocked, data }];
      },
    ),
    maxPool: pooling("MaxPool", "MaxPool", "largest value of each window, blocked"),
    averagePool: pooling("AveragePool", "AveragePool", "mean of each window, blocked"),
    globalAveragePool: define(
      "GlobalAveragePool",
      "mean over H and W, blocked",
      {},
      ([x]) => [{ dtype: "float32", shape: [x!.shape[0]!, x!.shape[1]!, 1, 1] }],
      ([x]) =>
        standard("GlobalAveragePool")
          .reference([toPlain(x!)], {})
          .map(toBlocked),
    ),
    upsample: define(
      "Upsample",
      "repeats each pixel by whole scales [1,1,h,w], blocked",
      { scales: "ints", mode: "string", coordinate_transformation_mode: "string" },
      ([x], attributes) => {
        const scales = listAttribute(attributes, "scales", []);
        return [{ dtype: "float32", shape: fixedShape(x!.shape).map((dim, axis) => dim * scales[axis]!) }];
      },
      ([x], attributes) => [toBlocked(repeatPixels(toPlain(x!), listAttribute(attributes, "scales", [])))],
    ),
  };
}

function standard(name: string): Op {
  const op = findOp(name);
  if (!op) throw new AppError("INTERNAL", { required: `op ${name} in the op table`, received: "none" });
  return op;
}

function windowOutput(size: readonly number[], attributes: Attributes): readonly number[] {
  const kernel = listAttribute(attributes, "kernel_shape", [1, 1]);
  const pads = listAttribute(attributes, "pads", [0, 0, 0, 0]);
  const strides = listAttribute(attributes, "strides", [1, 1]);
  const dilations = listAttribute(attributes, "dilations", [1, 1]);
  return [0, 1].map((axis) => {
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1;
    return Math.floor((size[axis]! + pads[axis]! + pads[axis + 2]! - reach) / strides[axis]!) + 1;
  });
}

function convType(x: TensorType, w: TensorType, attributes: Attributes): TensorType {
  const [n, , height, width] = quad(x.shape);
  return { dtype: "float32", shape: [n, w.shape[0]!, ...windowOutput([height, width], attributes)] };
}

const pooledType: Op["infer"] = ([x], attributes) => {
  const [n, c, height, width] = quad(x!.shape);
  return [{ dtype: "float32", shape: [n, c, ...windowOutput([height, width], attributes)] }];
};

/** Moves a picture tensor between `[N,C,H,W]` and `[N,C/b,H,W,b]`, keeping its declared shape. */
function permute(tensor: ReferenceTensor, block: number, direction: "to" | "from"): ReferenceTensor {
  const [n, c, h, w] = quad(tensor.shape);
  const data = new Float64Array(tensor.data.length);
  const pixels = h * w;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const plain = (image * c + channel) * pixels + pixel;
        const group = image * (c / block) + Math.floor(channel / block);
        const blocked = (group * pixels + pixel) * block + (channel % block);
        if (direction === "to") data[blocked] = tensor.data[plain]!;
        else data[plain] = tensor.data[blocked]!;
      }
    }
  }
  return { ...tensor, data };
}

function plainWeights(w: ReferenceTensor, block: number, group: number): ReferenceTensor {
  const [o, c, kh, kw] = quad(w.shape);
  const taps = kh * kw;
  const inner = group > 1 ? 1 : Math.min(c, block);
  const data = new Float64Array(w.data.length);
  let at = 0;
  if (group === 1 && c < block) {
    // A plain input of few channels: [O/b, C, kh, kw, b].
    for (let ob = 0; ob < o / block; ob++) {
      for (let rest = 0; rest < c * taps; rest++) {
        for (let oi = 0; oi < block; oi++) data[(ob * block + oi) * c * taps + rest] = w.data[at++]!;
      }
    }
    return { ...w, data };
  }
  for (let ob = 0; ob < o / block; ob++) {
    for (let cb = 0; cb < c / inner; cb++) {
      for (let tap = 0; tap < taps; tap++) {
        for (let ci = 0; ci < inner; ci++) {
          for (let oi = 0; oi < block; oi++) {
            data[((ob * block + oi) * c + cb * inner + ci) * taps + tap] = w.data[at++]!;
          }
        }
      }
    }
  }
  return { ...w, data };
}

function activate(value: number, attributes: Attributes): number {
  const { activation } = attributes;
  const [a = 0, b = 0] = listAttribute(attributes, "activation_params", []);
  if (activation === "Relu") return Math.max(value, 0);
  if (activation === "Clip") return Math.min(Math.max(value, a), b);
  if (activation === "HardSigmoid") return Math.min(Math.max(a * value + b, 0), 1);
  return value;
}

function repeatPixels(tensor: ReferenceTensor, scales: readonly number[]): ReferenceTensor {
  const shape = tensor.shape.map((dim, axis) => dim * scales[axis]!);
  const [n, c, h, w] = quad(shape);
  const data = new Float64Array(sizeOf(shape));
  const [sy, sx] = [scales[2]!, scales[3]!];
  let at = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        data[at++] = tensor.data[(plane * (h / sy) + Math.floor(y / sy)) * (w / sx) + Math.floor(x / sx)]!;
      }
    }
  }
  return { ...tensor, shape, data };
}
