/** The non-linear functions of neural networks, dropout among them. */
import { chain, defineOp, extremes, type OpSample, reference, rejectShape } from "../../op.ts";
import { mapTensor, zipTensors } from "../../reference-tensor.ts";
import {
  broadcastShapes,
  checkInputs,
  constantNumbers,
  numberAttribute,
  onlyAttribute,
  rejectAttribute,
} from "../../shape-rules.ts";
import { sameShape } from "../../tensor-type.ts";
import { apply1, scalar, type Value } from "../../value.ts";
import { aboveMask, abs, add, belowMask, exp, hardSigmoid, mul, sub } from "./arithmetic.ts";

const samples: readonly OpSample[] = [
  { inputs: [{ shape: [5, 6], range: [-5, 5] }] },
  { inputs: [{ shape: [2, 3, 2, 2], range: [-1, 1] }] },
  extremes([-1000, -100, -20, 20, 100, 1000]),
  extremes([Number.POSITIVE_INFINITY, Number.NaN]),
];

function defineActivation(
  name: string,
  doc: string,
  compute: (x: number) => number,
  gradient: (context: { dy: Value; y: Value }, x: Value) => Value,
): (x: Value) => Value {
  const op = defineOp({
    name,
    doc,
    infer: (inputs) => [...checkInputs(name, inputs, [{ name: "x" }])],
    gradient: chain((context, x) => [gradient(context, x)]),
    reference: reference((_, x) => mapTensor(x, compute)),
    samples,
  });
  return (x) => apply1(op, [x]);
}

export const relu = defineActivation(
  "Relu",
  "y = max(0, x)",
  (x) => Math.max(0, x),
  ({ dy, y }) => reluGradient(dy, y),
);

export const sigmoid = defineActivation(
  "Sigmoid",
  "y = 1 / (1 + e^-x)",
  (x) => 1 / (1 + Math.exp(-x)),
  ({ dy, y }) => mul(dy, sub(y, mul(y, y))),
);

export const tanh = defineActivation("Tanh", "y = tanh x", Math.tanh, ({ dy, y }) =>
  mul(dy, sub(scalar(1), mul(y, y))),
);

export const softplus = defineActivation(
  "Softplus",
  "y = ln(1 + e^x)",
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  ({ dy }, x) => mul(dy, sigmoid(x)),
);

export const erf = defineActivation(
  "Erf",
  "y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x",
  errorFunction,
  ({ dy }, x) => mul(dy, mul(exp(mul(mul(x, x), scalar(-1))), scalar(2 / Math.sqrt(Math.PI)))),
);

/**
 * erf x to float64 precision: 2 / sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!  (Abramowitz &
 * Stegun 7.1.6).
 */
function errorFunction(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export const hardSwish = defineActivation(
  "HardSwish",
  "y = x max(0, min(1, x / 6 + 1/2))",
  (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  ({ dy }, x) => {
    const gate = hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 });
    return mul(dy, add(gate, mul(mul(x, scalar(1 / 6)), belowMask(abs(x), 3))));
  },
);

const geluOp = defineOp({
  name: "Gelu",
  doc: "y = x P(Z <= x) for a standard normal Z, = x (1 + erf(x / sqrt 2)) / 2",
  attributeTypes: { approximate: "string" },
  infer: (inputs, attributes) => {
    onlyAttribute("Gelu", attributes, "approximate", "none");
    return [...checkInputs("Gelu", inputs, [{ name: "x" }])];
  },
  gradient: chain(({ dy }, x) => {
    const probability = add(mul(erf(mul(x, scalar(Math.SQRT1_2))), scalar(0.5)), scalar(0.5));
    const density = mul(exp(mul(mul(x, x), scalar(-0.5))), scalar(1 / Math.sqrt(2 * Math.PI)));
    return [mul(dy, add(probability, mul(x, density)))];
  }),
  reference: reference((_, x) => mapTensor(x, (value) => (value * (1 + errorFunction(value * Math.SQRT1_2))) / 2)),
  samples,
});

/** The exact GELU. */
export function gelu(x: Value): Value {
  return apply1(geluOp, [x]);
}

const leakyReluOp = defineOp({
  name: "LeakyRelu",
  doc: "y = x where x > 0, else alpha x",
  attributeTypes: { alpha: "float" },
  infer: (inputs) => [...checkInputs("LeakyRelu", inputs, [{ name: "x" }])],
  gradient: chain(({ dy, attributes }, x) => {
    const alpha = numberAttribute(attributes, "alpha", 0.01);
    return [mul(dy, add(mul(aboveMask(x, 0), scalar(1 - alpha)), scalar(alpha)))];
  }),
  reference: reference((attributes, x) => {
    const alpha = numberAttribute(attributes, "alpha", 0.01);
    return mapTensor(x, (value) => (value > 0 ? value : alpha * value));
  }),
  samples: [...samples, { inputs: [{ shape: [4, 5] }], attributes: { alpha: 0.2 } }],
});

/** x where x > 0, else alpha x. */
export function leakyRelu(x: Value, { alpha = 0.01 }: { readonly alpha?: number } = {}): Value {
  return apply1(leakyReluOp, [x], { alpha });
}

const eluOp = defineOp({
  name: "Elu",
  doc: "y = x where x > 0, else alpha (e^x - 1)",
  attributeTypes: { alpha: "float" },
  infer: (inputs) => [...checkInputs("Elu", inputs, [{ name: "x" }])],
  gradient: chain(({ dy, y, attributes }, x) => {
    const mask = aboveMask(x, 0);
    const below = add(y, scalar(numberAttribute(attributes, "alpha", 1)));
    return [mul(dy, add(mask, mul(sub(scalar(1), mask), below)))];
  }),
  reference: reference((attributes, x) => {
    const alpha = numberAttribute(attributes, "alpha", 1);
    return mapTensor(x, (value) => (value > 0 ? value : alpha * Math.expm1(value)));
  }),
  samples: [...samples, { inputs: [{ shape: [4, 5] }], attributes: { alpha: 0.5 } }],
});

/** x where x > 0, else alpha (e^x - 1). */
export function elu(x: Value, { alpha = 1 }: { readonly alpha?: number } = {}): Value {
  return apply1(eluOp, [x], { alpha });
}

const preluOp = defineOp({
  name: "PRelu",
  doc: "y = x where x > 0, else slope x; the slope broadcasts to x",
  infer: (inputs) => {
    const [x, slope] = checkInputs("PRelu", inputs, [{ name: "x" }, { name: "slope" }]);
    if (!sameShape(broadcastShapes("PRelu", [x, slope]), x.shape))
      rejectShape("PRelu", "a slope that repeats to x", inputs);
    return [x];
  },
  gradient: chain(({ dy }, x, slope) => {
    const mask = aboveMask(x, 0);
    const below = sub(scalar(1), mask);
    return [mul(dy, add(mask, mul(below, slope))), mul(dy, mul(below, x))];
  }),
  reference: reference((_, x, slope) => zipTensors(x, slope, (value, factor) => (value > 0 ? value : factor * value))),
  samples: [
    { inputs: [{ shape: [2, 3, 4] }, { shape: [3, 1] }] },
    { inputs: [{ shape: [2, 3] }, { shape: [1] }] },
    extremes([-1000, 1000, Number.NEGATIVE_INFINITY, Number.NaN], [0.5, 0.5, 0.5, 0.5]),
  ],
});

/** x where x > 0, else slope x; the slope is a parameter that broadcasts to x. Errors: GRAPH_SHAPE. */
export function prelu(x: Value, slope: Value): Value {
  return apply1(preluOp, [x, slope]);
}

/** x sigmoid(x), also called swish. */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}

const clipOp = defineOp({
  name: "Clip",
  doc: "y = max(min, min(max, x))",
  infer: (inputs, _, constants) => {
    const [x, min, max] = checkInputs("Clip", inputs, [
      { name: "x" },
      { name: "min", rank: 0, optional: true },
      { name: "max", rank: 0, optional: true },
    ]);
    const low = min ? constantNumbers("Clip", "min", constants[1]) : [-Infinity];
    const high = max ? constantNumbers("Clip", "max", constants[2]) : [Infinity];
    if (low[0]! > high[0]!) rejectAttribute("Clip", "min <= max", [low[0], high[0]]);
    return [x];
  },
  gradient: chain(({ dy, y }, _, min?: Value, max?: Value) => [
    clipGradient(dy, y, {
      ...(min ? { min: boundOf(min) } : {}),
      ...(max ? { max: boundOf(max) } : {}),
    }),
  ]),
  reference: reference((_, x, min, max) =>
    mapTensor(x, (value) => Math.max(min?.data[0] ?? -Infinity, Math.min(max?.data[0] ?? Infinity, value))),
  ),
  samples: [
    {
      inputs: [
        { shape: [4, 5], range: [-4, 9] },
        { shape: [], values: [0], constant: true },
        { shape: [], values: [6], constant: true },
      ],
    },
    { inputs: [{ shape: [4, 5] }, { shape: [], values: [-0.3], constant: true }] },
    { inputs: [{ shape: [4, 5] }, undefined, { shape: [], values: [0.7], constant: true }] },
    {
      inputs: [
        { shape: [5], values: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e30, -1e30] },
        { shape: [], values: [0], constant: true },
        { shape: [], values: [6], constant: true },
      ],
    },
  ],
});

function boundOf(bound: Value): number {
  // The shape rule takes constants only.
  return bound.producer.kind === "constant" ? Number(bound.producer.tensor.data[0]) : Number.NaN;
}

/** The range of a clip; either end may be left out. */
export interface ClipBounds {
  readonly min?: number;
  readonly max?: number;
}

/** Limits x to [min, max]. */
export function clip(x: Value, bounds: ClipBounds): Value {
  const limits = [bounds.min, bounds.max].map((bound) => (bound === undefined ? undefined : scalar(bound)));
  return apply1(clipOp, [x, ...limits]);
}

/** min(max(x, 0), 6). */
export function relu6(x: Value): Value {
  return clip(x, { min: 0, max: 6 });
}

const reluGradientOp = defineOp({
  name: "ReluGradient",
  doc: "dx = dy where y > 0, else 0",
  infer: (inputs) => {
    const [dy, y] = checkInputs("ReluGradient", inputs, [{ name: "dy" }, { name: "y" }]);
    if (!sameShape(dy.shape, y.shape)) rejectShape("ReluGradient", "dy and y of one shape", inputs);
    return [dy];
  },
  gradient: chain(({ dy }, _, y) => [reluGradient(dy, y)]),
  reference: reference((_, dy, y) => zipTensors(dy, y, (gradient, value) => (value > 0 ? gradient : 0))),
  expand: ([dy, y]) => [mul(dy!, aboveMask(y!, 0))],
  samples: [{ inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3, 4] }] }, extremes([1, 2, 3, 4], [1e30, -1e30, -1, 0.001])],
});

/** dy where y > 0, else 0; y is relu's output. */
export function reluGradient(dy: Value, y: Value): Value {
  return apply1(reluGradientOp, [dy, y]);
}

const clipGradientOp = defineOp({
  name: "ClipGradient",
  doc: "dx = dy where min < y < max, else 0",
  attributeTypes: { min: "float", max: "float" },
  infer: (inputs) => {
    const [dy, y] = checkInputs("ClipGradient", inputs, [{ name: "dy" }, { name: "y" }]);
    if (!sameShape(dy.shape, y.shape)) rejectShape("ClipGradient", "dy and y of one shape", inputs);
    return [dy];
  },
  gradient: chain(({ dy, attributes }, _, y) => [clipGradient(dy, y, attributes)]),
  reference: reference((attributes, dy, y) => {
    const min = numberAttribute(attributes, "min", -Infinity);
    const max = numberAttribute(attributes, "max", Infinity);
    return zipTensors(dy, y, (gradient, value) => (value > min && value < max ? gradient : 0));
  }),
  expand: ([dy, y], { min, max }) => {
    const above = typeof min === "number" ? mul(dy!, aboveMask(y!, min)) : dy!;
    return [typeof max === "number" ? mul(above, belowMask(y!, max)) : above];
  },
  samples: [
    { inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3, 4], range: [-4, 9] }], attributes: { min: 0, max: 6 } },
    { inputs: [{ shape: [7] }, { shape: [7] }], attributes: { min: -0.3 } },
    { inputs: [{ shape: [7] }, { shape: [7] }], attributes: { max: 0.7 } },
    { ...extremes([1, 2, 3, 4], [1e30, -1e30, -0.001, 6.001]), attributes: { min: 0, max: 6 } },
  ],
});

/** dy where min < y < max, else 0; y is clip's output. */
export function clipGradient(dy: Value, y: Value, { min, max }: ClipBounds): Value {
  const attributes = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return apply1(clipGradientOp, [dy, y], attributes);
}

/**
 * Sets elements of x to zero where `mask` (float32, 0 or 1, fed from outside) is 0, and scales the
 * rest by 1 / (1 - rate) so that the mean stays. Errors: GRAPH_ATTRIBUTE for a rate outside [0, 1).
 */
export function dropout(x: Value, mask: Value, rate: number): Value {
  if (!(rate >= 0 && rate < 1)) rejectAttribute("dropout", "a rate in [0, 1)", rate);
  return mul(x, mul(mask, scalar(1 / (1 - rate))));
}
