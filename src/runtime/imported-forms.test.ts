/** Forms of ONNX ops that are read as other ops: ONNX Runtime answers the same to the file and to what is read of it. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { AttributeKind, attribute, modelFrom } from "../../tests/support/onnx-model.ts";
import { createRandom } from "../base/random.ts";
import { nonDifferentiableNodes } from "../graph/non-differentiable.ts";
import { decodeModel } from "../graph/onnx/decode.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { float32, int64Vector, sizeOf, type TensorData } from "../graph/tensor-type.ts";
import { nodesOf } from "../graph/value.ts";
import { withInputShape } from "../graph/with-input-shape.ts";

type Given = number | string | readonly number[];
interface Form {
  readonly opset: number;
  readonly x: readonly number[];
  readonly ints?: Readonly<Record<string, Given>>;
  readonly floats?: Readonly<Record<string, Given>>;
  /** The inputs after x. */
  readonly more?: readonly (TensorData | undefined)[];
  readonly outputs?: number;
}

const ints = (...values: number[]) => int64Vector(values);
const numbers = (...values: number[]) => float32([values.length], values);
const scalarOf = (value: number) => float32([], [value]);

const forms: readonly (readonly [op: string, form: Form])[] = [
  ["Slice", { opset: 9, x: [2, 5, 6], ints: { starts: [1, -3], ends: [4, 99], axes: [1, 2] } }],
  ["Clip", { opset: 10, x: [2, 5], floats: { min: -0.5, max: 0.25 } }],
  ["Clip", { opset: 9, x: [2, 5], floats: { max: 0.25 } }],
  ["Pad", { opset: 10, x: [2, 3, 4], ints: { pads: [0, 1, 0, 0, 2, 1] }, floats: { value: 0.5 } }],
  ["Pad", { opset: 13, x: [2, 3, 4], ints: { mode: "reflect" }, more: [ints(0, 2, 0, 0, 1, 3)] }],
  ["Pad", { opset: 13, x: [2, 3, 4], ints: { mode: "edge" }, more: [ints(0, 2, 0, 0, 0, 5)] }],
  ["Pad", { opset: 19, x: [2, 3, 4], ints: { mode: "wrap" }, more: [ints(0, 2, 0, 0, 1, 3)] }],
  ["Pad", { opset: 18, x: [2, 3, 4], more: [ints(1, 2), scalarOf(2), ints(-1)] }],
  ["Pad", { opset: 13, x: [2, 3, 4], more: [ints(0, -1, 1, 0, 2, -2)] }],
  ["Squeeze", { opset: 12, x: [2, 1, 4, 1], ints: { axes: [1, 3] } }],
  ["Squeeze", { opset: 13, x: [2, 1, 4], more: [ints(-2)] }],
  ["Unsqueeze", { opset: 11, x: [2, 4], ints: { axes: [0, 3] } }],
  ["Unsqueeze", { opset: 13, x: [2, 4], more: [ints(-1, 1)] }],
  ["ReduceSum", { opset: 12, x: [2, 3, 4], ints: { axes: [1], keepdims: 0 } }],
  ["ReduceMean", { opset: 9, x: [2, 3, 4], ints: { axes: [2], keepdims: 1 } }],
  ["Split", { opset: 12, x: [2, 6], ints: { axis: 1, split: [2, 4] }, outputs: 2 }],
  ["Split", { opset: 12, x: [2, 6], ints: { axis: 1 }, outputs: 3 }],
  ["Split", { opset: 18, x: [2, 7], ints: { axis: 1, num_outputs: 3 }, outputs: 3 }],
  ["Softmax", { opset: 12, x: [2, 3, 4] }],
  ["Softmax", { opset: 9, x: [2, 3, 4], ints: { axis: 2 } }],
  ["LogSoftmax", { opset: 11, x: [2, 3, 1, 1], ints: { axis: 1 } }],
  ["Softmax", { opset: 13, x: [2, 3, 4], ints: { axis: 1 } }],
  ["Dropout", { opset: 9, x: [2, 3], floats: { ratio: 0.5 } }],
  ["Dropout", { opset: 13, x: [2, 3], more: [scalarOf(0.5)] }],
  ["Upsample", { opset: 9, x: [2, 3, 4, 5], ints: { mode: "nearest" }, more: [numbers(1, 1, 2, 3)] }],
  ["Resize", { opset: 10, x: [2, 3, 4, 5], more: [numbers(1, 1, 2, 2)] }],
  ["Resize", { opset: 13, x: [2, 3, 4, 5], more: [undefined, numbers(1, 1, 3, 2)] }],
  ["Resize", { opset: 13, x: [2, 3, 4, 5], more: [undefined, undefined, ints(2, 3, 8, 10)] }],
  [
    "Resize",
    {
      opset: 11,
      x: [2, 3, 4, 5],
      ints: { coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
      more: [numbers(), numbers(1, 1, 2, 2)],
    },
  ],
  ["MaxPool", { opset: 13, x: [2, 3, 8, 7], ints: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } }],
  [
    "MaxPool",
    { opset: 11, x: [2, 3, 8, 7], ints: { kernel_shape: [2, 2], strides: [2, 3], pads: [1, 0, 0, 1], ceil_mode: 1 } },
  ],
  ["MaxPool", { opset: 13, x: [2, 3, 8, 7], ints: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_LOWER" } }],
  ["MaxPool", { opset: 13, x: [2, 3, 8, 7], ints: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "VALID" } }],
  ["AveragePool", { opset: 11, x: [2, 3, 8, 7], ints: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } }],
  [
    "AveragePool",
    { opset: 13, x: [2, 3, 8, 7], ints: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 } },
  ],
  [
    "AveragePool",
    {
      opset: 19,
      x: [2, 3, 9, 8],
      ints: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 1, pads: [0, 0, 0, 0] },
    },
  ],
  [
    "AveragePool",
    { opset: 13, x: [2, 3, 8, 7], ints: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: "SAME_UPPER" } },
  ],
  ["GlobalMaxPool", { opset: 13, x: [2, 3, 4, 5] }],
  ["LRN", { opset: 13, x: [2, 6, 3, 3], ints: { size: 5 }, floats: { alpha: 0.5, beta: 0.75, bias: 1.5 } }],
  ["LRN", { opset: 9, x: [2, 6, 3, 3], ints: { size: 3 }, floats: { alpha: 0.5 } }],
  ["DepthToSpace", { opset: 13, x: [2, 8, 3, 2], ints: { blocksize: 2 } }],
  ["DepthToSpace", { opset: 13, x: [2, 8, 3, 2], ints: { blocksize: 2, mode: "CRD" } }],
  ["Gelu", { opset: 20, x: [2, 30], ints: { approximate: "tanh" } }],
  ["LeakyRelu", { opset: 9, x: [2, 30], floats: { alpha: 0.2 } }],
  ["Elu", { opset: 9, x: [2, 30] }],
  ["Selu", { opset: 13, x: [2, 30] }],
  ["Mish", { opset: 18, x: [2, 30] }],
  ["HardSwish", { opset: 14, x: [2, 30] }],
  ["PRelu", { opset: 9, x: [2, 3, 4, 4], more: [float32([3, 1, 1], [0.1, 0.2, 0.3])] }],
  ["Pow", { opset: 13, x: [2, 5], more: [ints(2)] }],
  ["Pow", { opset: 9, x: [2, 5], more: [scalarOf(3)] }],
  ["Ceil", { opset: 9, x: [2, 5] }],
  ["Sum", { opset: 9, x: [2, 5], more: [numbers(1, 2, 3, 4, 5), numbers(6, 7, 8, 9, 10)] }],
  ["Max", { opset: 9, x: [2, 5], more: [numbers(0, 0, 0, 0, 0), numbers(-1, 0.1, 0.2, 0.3, 1)] }],
  ["Min", { opset: 9, x: [2, 5], more: [numbers(0, 0, 0, 0, 0), numbers(-1, 0.1, 0.2, 0.3, 1)] }],
  ["Mean", { opset: 9, x: [2, 5], more: [numbers(1, 2, 3, 4, 5)] }],
  [
    "LayerNormalization",
    { opset: 17, x: [2, 3, 4], ints: { axis: -1 }, more: [numbers(1, 2, 3, 4), numbers(0, 1, 0, 1)] },
  ],
  ["Reshape", { opset: 14, x: [2, 3, 4], ints: { allowzero: 1 }, more: [ints(2, -1)] }],
];

const text = new TextEncoder();
function attributesOf({ ints: whole = {}, floats = {} }: Form) {
  const list = (value: Given): value is readonly number[] => Array.isArray(value);
  return [
    ...Object.entries(whole).map(([name, value]) => {
      if (typeof value === "string") return attribute(name, AttributeKind.STRING, { s: text.encode(value) });
      if (list(value)) return attribute(name, AttributeKind.INTS, { ints: value.map(BigInt) });
      return attribute(name, AttributeKind.INT, { i: BigInt(value) });
    }),
    ...Object.entries(floats).map(([name, value]) => attribute(name, AttributeKind.FLOAT, { f: Number(value) })),
  ];
}

function fileOf(opType: string, form: Form): Uint8Array {
  const { opset, x, more = [], outputs = 1 } = form;
  const output = Array.from({ length: outputs }, (_, at) => `y${at}`);
  const input = ["x", ...more.map((tensor, at) => (tensor ? `in${at}` : ""))];
  const type = { dtype: "float32", shape: ["N", ...x.slice(1)] } as const;
  return modelFrom({
    nodes: [{ name: "node", opType, input, output, attribute: attributesOf(form) }],
    inputs: { x: type },
    outputs: Object.fromEntries(output.map((name) => [name, { dtype: "unknown", shape: [] } as const])),
    initializers: Object.fromEntries(more.flatMap((tensor, at) => (tensor ? [[`in${at}`, tensor]] : []))),
    opsets: { "": opset },
  });
}

async function answersOf(bytes: Uint8Array, shape: readonly number[]) {
  const random = createRandom("x");
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const data = Float32Array.from({ length: sizeOf(shape) }, () => random.next() * 4 - 2);
  const answers = await session.run({ x: new Tensor("float32", data, shape) });
  await session.release();
  return answers;
}

describe("a form of an op that is read as other ops", () => {
  it.each(
    forms.map(
      ([op, form]) =>
        [`${op} of opset ${form.opset} ${JSON.stringify({ ...form.ints, ...form.floats })}`, op, form] as const,
    ),
  )("%s answers as ONNX Runtime says", async (_, op, form) => {
    const bytes = fileOf(op, form);
    const { graph, opset } = decodeModel(bytes);
    expect(nodesOf(Object.values(graph.outputs)).filter((node) => node.op.imported)).toEqual([]);
    const expected = await answersOf(bytes, form.x);
    const found = await answersOf(encodeModel(graph, {}, opset), form.x);
    for (const [name, { data, dims }] of Object.entries(expected)) {
      expect(found[name]!.dims).toEqual(dims);
      // 1e-5: other sums in other orders.
      for (const [at, value] of (data as Float32Array).entries())
        expect(Math.abs(Number(found[name]!.data[at]) - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    }
    const fixed = withInputShape(graph, "x", form.x);
    expect(nonDifferentiableNodes(fixed.inputs, Object.values(fixed.outputs))).toEqual([]);
  });
});
