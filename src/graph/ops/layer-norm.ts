/** Layer normalization: over the last axes of each element of a batch. */
import { type Attributes, chain, defineOp, type ReferenceTensor, reference, rejectShape } from "../op.ts";
import { broadcastOffsets } from "../reference-tensor.ts";
import { broadcastShapes, checkInputs, normalizeAxis, numberAttribute, onlyAttribute } from "../shape-rules.ts";
import { sameShape, sizeOf } from "../tensor-type.ts";
import { apply1, scalar, type Value } from "../value.ts";
import { add, mul, reciprocal, sqrt, sub } from "./elementwise/arithmetic.ts";
import { reduceMean } from "./reduction.ts";

const layerNormalizationOp = defineOp({
  name: "LayerNormalization",
  doc: "y = scale (x - mean) / sqrt(variance + epsilon) + bias, with mean and variance over the axes from `axis` on",
  attributeTypes: { axis: "int", epsilon: "float", stash_type: "int" },
  infer: (inputs, attributes) => {
    onlyAttribute("LayerNormalization", attributes, "stash_type", 1);
    const [x, scale, bias] = checkInputs("LayerNormalization", inputs, [
      { name: "x" },
      { name: "scale" },
      { name: "bias", optional: true },
    ]);
    axesOf(attributes, x.shape.length);
    const types = bias ? [x, scale, bias] : [x, scale];
    if (!sameShape(broadcastShapes("LayerNormalization", types), x.shape))
      rejectShape("LayerNormalization", "scale and bias that repeat to x", inputs);
    return [x];
  },
  gradient: chain(({ dy, attributes }, x, scale, bias?: Value) => {
    const axes = axesOf(attributes, x.type.shape.length);
    const mean = (value: Value) => reduceMean(value, { axes, keepdims: true });
    const centred = sub(x, mean(x));
    const variance = mean(mul(centred, centred));
    const inverse = reciprocal(sqrt(add(variance, scalar(epsilonOf(attributes)))));
    const normal = mul(centred, inverse);
    const dNormal = mul(dy, scale);
    const dx = sub(sub(dNormal, mean(dNormal)), mul(normal, mean(mul(dNormal, normal))));
    return [mul(dx, inverse), mul(dy, normal), bias && dy];
  }),
  reference: reference((attributes, x, scale, bias?: ReferenceTensor) => {
    const size = sizeOf(axesOf(attributes, x.shape.length).map((axis) => x.shape[axis]!));
    const scaleAt = broadcastOffsets(scale.shape, x.shape);
    const biasAt = bias && broadcastOffsets(bias.shape, x.shape);
    const data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += size) {
      const row = x.data.subarray(start, start + size);
      const mean = row.reduce((sum, value) => sum + value, 0) / size;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
      const deviation = Math.sqrt(variance + epsilonOf(attributes));
      for (const [at, value] of row.entries()) {
        const place = start + at;
        const shift = bias && biasAt ? bias.data[biasAt[place]!]! : 0;
        data[place] = (scale.data[scaleAt[place]!]! * (value - mean)) / deviation + shift;
      }
    }
    return { dtype: x.dtype, shape: x.shape, data };
  }),
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4] }, { shape: [4] }], attributes: { axis: -1 } },
    { inputs: [{ shape: [2, 3, 4] }, { shape: [4] }], attributes: { axis: 2, epsilon: 1e-3 } },
    { inputs: [{ shape: [2, 3, 4] }, { shape: [3, 4] }, { shape: [3, 4] }], attributes: { axis: 1 } },
  ],
});

function axesOf(attributes: Attributes, rank: number): readonly number[] {
  const first = normalizeAxis("LayerNormalization", numberAttribute(attributes, "axis", -1), rank);
  return Array.from({ length: rank - first }, (_, at) => first + at);
}

function epsilonOf(attributes: Attributes): number {
  return numberAttribute(attributes, "epsilon", 1e-5);
}

/**
 * Normalizes x over its axes from `axis` on (the last unless given), then scales and shifts; scale and bias broadcast
 * to x. Source: Ba, Kiros & Hinton, Layer Normalization (2016). Errors: GRAPH_SHAPE, GRAPH_ATTRIBUTE.
 */
export function layerNormalization(
  x: Value,
  scale: Value,
  bias?: Value,
  { axis = -1, epsilon = 1e-5 }: { readonly axis?: number; readonly epsilon?: number } = {},
): Value {
  return apply1(layerNormalizationOp, bias ? [x, scale, bias] : [x, scale], { axis, epsilon });
}
