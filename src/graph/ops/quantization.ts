/** Numbers of 8 bits in place of floats: `real = (quantized - zeroPoint) scale`, as ONNX writes it. */
import { type Attributes, defineOp, type ReferenceTensor, reference, rejectShape } from "../op.ts";
import { quantizedRange, roundHalfToEven } from "../quantized-range.ts";
import { filled } from "../reference-tensor.ts";
import { checkInputs, normalizeAxis, numberAttribute, onlyAttribute, rejectDtype } from "../shape-rules.ts";
import { sizeOf, type TensorType } from "../tensor-type.ts";
import { apply1, type Value } from "../value.ts";

const untrained = { none: "a quantised network is not trained further: train the float one and quantise it again" };

const quantizeOp = defineOp({
  name: "QuantizeLinear",
  doc: "y = round(x / scale) + zeroPoint, halves to even, within the type's range; one scale for all, or for each index of `axis`",
  attributeTypes: { axis: "int", saturate: "int" },
  infer: (inputs, attributes) => {
    onlyAttribute("QuantizeLinear", attributes, "saturate", 1);
    const [x, scale, zeroPoint] = checkInputs("QuantizeLinear", inputs, [
      { name: "x" },
      { name: "scale" },
      { name: "zeroPoint", dtypes: ["uint8", "int8"], optional: true },
    ]);
    checkScale("QuantizeLinear", attributes, x, scale, zeroPoint);
    return [{ dtype: zeroPoint?.dtype ?? "uint8", shape: x.shape }];
  },
  gradient: untrained,
  reference: reference((attributes, x, scale, zeroPoint?: ReferenceTensor) => {
    const zero = zeroPoint ?? filled(scale.shape, 0, "uint8");
    const [low, high] = zero.dtype === "int8" ? quantizedRange.int8 : quantizedRange.uint8;
    const scaleAt = scaleIndex(x, scale, attributes);
    const data = x.data.map((value, at) => {
      const index = scaleAt(at);
      return Math.min(high, Math.max(low, roundHalfToEven(value / scale.data[index]!) + zero.data[index]!));
    });
    return { dtype: zero.dtype, shape: x.shape, data };
  }),
  samples: [
    // Halves, and numbers beyond the range.
    {
      inputs: [
        { shape: [9], values: [-0.25, 0.25, 0.75, 1.25, -1e9, 1e9, Infinity, -Infinity, 100.1] },
        { shape: [], values: [0.5] },
        { shape: [], dtype: "uint8", values: [3] },
      ],
    },
    {
      inputs: [
        { shape: [2, 3, 4], range: [-40, 40] },
        { shape: [], values: [0.25] },
      ],
    },
    {
      inputs: [
        { shape: [2, 3, 4, 1], range: [-9, 9] },
        { shape: [3], values: [0.0625, 0.125, 0.25] },
        { shape: [3], dtype: "int8", values: [0, -5, 7] },
      ],
      attributes: { axis: 1 },
    },
    {
      inputs: [
        { shape: [3, 4], range: [-9, 9] },
        { shape: [4], values: [0.0625, 0.125, 0.25, 0.5] },
        { shape: [4], dtype: "int8", values: [0, 0, 0, 0] },
      ],
      attributes: { axis: -1 },
    },
  ],
});

const dequantizeOp = defineOp({
  name: "DequantizeLinear",
  doc: "y = (x - zeroPoint) scale; one scale for all, or for each index of `axis`",
  attributeTypes: { axis: "int" },
  infer: (inputs, attributes) => {
    const [x, scale, zeroPoint] = checkInputs("DequantizeLinear", inputs, [
      { name: "x", dtypes: ["uint8", "int8", "int32"] },
      { name: "scale" },
      { name: "zeroPoint", dtypes: ["uint8", "int8", "int32"], optional: true },
    ]);
    checkScale("DequantizeLinear", attributes, x, scale, zeroPoint);
    if (zeroPoint && zeroPoint.dtype !== x.dtype)
      rejectDtype("DequantizeLinear", `zeroPoint of type ${x.dtype}`, zeroPoint);
    return [{ dtype: "float32", shape: x.shape }];
  },
  gradient: untrained,
  reference: reference((attributes, x, scale, zeroPoint?: ReferenceTensor) => {
    const scaleAt = scaleIndex(x, scale, attributes);
    const data = x.data.map((value, at) => {
      const index = scaleAt(at);
      return (value - (zeroPoint?.data[index] ?? 0)) * scale.data[index]!;
    });
    return { dtype: "float32", shape: x.shape, data };
  }),
  samples: [
    {
      inputs: [
        { shape: [2, 3], dtype: "uint8", range: [0, 256] },
        { shape: [], values: [0.3] },
        { shape: [], dtype: "uint8", values: [128] },
      ],
    },
    {
      inputs: [
        { shape: [2, 3], dtype: "int8", range: [-128, 128] },
        { shape: [], values: [0.3] },
      ],
    },
    {
      inputs: [
        { shape: [3, 2, 2], dtype: "int8", range: [-128, 128] },
        { shape: [3], values: [0.1, 2, 0.003] },
        { shape: [3], dtype: "int8", values: [0, 5, -7] },
      ],
      attributes: { axis: 0 },
    },
    {
      inputs: [
        { shape: [2, 3], dtype: "int32", range: [-1e6, 1e6] },
        { shape: [3], values: [0.1, 2, 0.003] },
      ],
      attributes: { axis: -1 },
    },
  ],
});

/** One scale, or one for each index of the axis; zero points beside them. */
function checkScale(
  op: string,
  attributes: Attributes,
  x: TensorType,
  scale: TensorType,
  zeroPoint: TensorType | undefined,
): void {
  const { shape } = scale;
  const isSingle = shape.length === 0 || (shape.length === 1 && shape[0] === 1);
  if (!isSingle) {
    const axis = normalizeAxis(op, numberAttribute(attributes, "axis", 1), x.shape.length);
    if (shape.length > 1 || shape[0] !== x.shape[axis]) {
      rejectShape(op, `a scale [] or [${x.shape[axis]}], one for each index of axis ${axis}`, [x, scale]);
    }
  }
  if (zeroPoint && (zeroPoint.shape.length !== shape.length || zeroPoint.shape[0] !== shape[0])) {
    rejectShape(op, "a zero point for each scale", [scale, zeroPoint]);
  }
}

/** Which scale an element of x has. */
function scaleIndex(x: ReferenceTensor, scale: ReferenceTensor, attributes: Attributes): (at: number) => number {
  if (scale.data.length === 1) return () => 0;
  const axis = normalizeAxis("QuantizeLinear", numberAttribute(attributes, "axis", 1), x.shape.length);
  const inner = sizeOf(x.shape.slice(axis + 1));
  return (at) => Math.floor(at / inner) % scale.data.length;
}

export interface QuantizationAxis {
  /** The axis along which scales differ; 1 unless given. Of no account for a single scale. */
  readonly axis?: number;
}

/** x float32 as uint8 or int8, which the zero point says. Errors: GRAPH_SHAPE, GRAPH_DTYPE. */
export function quantizeLinear(x: Value, scale: Value, zeroPoint: Value, options: QuantizationAxis = {}): Value {
  return apply1(quantizeOp, [x, scale, zeroPoint], { ...options });
}

/** x uint8, int8 or int32 as float32; a zero point of 0 where none is given. Errors: GRAPH_SHAPE, GRAPH_DTYPE. */
export function dequantizeLinear(x: Value, scale: Value, zeroPoint?: Value, options: QuantizationAxis = {}): Value {
  return apply1(dequantizeOp, zeroPoint ? [x, scale, zeroPoint] : [x, scale], { ...options });
}
