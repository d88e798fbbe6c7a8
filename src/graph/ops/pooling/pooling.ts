import { chain, defineOp, reference, rejectShape } from "../../op.ts";
import { filled } from "../../reference-tensor.ts";
import { checkInputs, listAttribute } from "../../shape-rules.ts";
import { float32, type Shape, sameShape, sizeOf } from "../../tensor-type.ts";
import { apply1, constant, scalar, type Value } from "../../value.ts";
import { pair, positions, spatialSize, type Window } from "../../window.ts";
import { add, div, equalsTopMask, mul } from "../elementwise/arithmetic.ts";
import { resizeNearest } from "../movement/indexing.ts";
import { concat } from "../movement/joining.ts";
import { expandTo } from "../movement/shape.ts";
import { pad, slice } from "../movement/slicing.ts";
import {
  averageGradientSamples,
  eachSeen,
  optionsFrom,
  type PoolOptions,
  poolAttributes,
  poolAttributeTypes,
  pooledType,
  poolSamples,
  poolWindow,
  seenCounts,
} from "./pooling-rules.ts";
import { padTo, planes, scatter, tiled, tiles } from "./pooling-scatter.ts";

export type { PoolOptions } from "./pooling-rules.ts";

const maxPoolOp = defineOp({
  name: "MaxPool",
  doc: "y[n,c,i,j] = the greatest of x[n,c] in the window that starts at (i, j) stride - pad",
  attributeTypes: { ...poolAttributeTypes, storage_order: "int" },
  infer: (inputs, attributes) => {
    const [x] = checkInputs("MaxPool", inputs, [{ name: "x", rank: 4 }]);
    return [pooledType("MaxPool", x, attributes)];
  },
  gradient: chain(({ dy, y, attributes }, x) => [maxPoolGradient(dy, x, y, optionsFrom("MaxPool", attributes))]),
  reference: reference((attributes, x) => {
    const window = poolWindow("MaxPool", attributes);
    const size = positions(pair(x.shape.slice(2)), window);
    const y = filled([...x.shape.slice(0, 2), ...size], -Infinity);
    eachSeen(x.shape, window, (from, to) => {
      y.data[to] = Math.max(y.data[to]!, x.data[from]!);
    });
    return y;
  }),
  samples: poolSamples,
});

/**
 * The greatest element of each window of x [N,C,H,W]; windows that do not fit are left out. Errors:
 * GRAPH_SHAPE.
 */
export function maxPool(x: Value, options: PoolOptions): Value {
  return apply1(maxPoolOp, [x], poolAttributes(options));
}

const maxPoolGradientOp = defineOp({
  name: "MaxPoolGradient",
  doc: "dx = for each window, dy shared evenly among the elements of x that equal its maximum y",
  attributeTypes: poolAttributeTypes,
  infer: (inputs, attributes) => {
    const [dy, x, y] = checkInputs("MaxPoolGradient", inputs, [
      { name: "dy", rank: 4 },
      { name: "x", rank: 4 },
      { name: "y", rank: 4 },
    ]);
    const { shape } = pooledType("MaxPoolGradient", x, attributes);
    if (!sameShape(dy.shape, shape) || !sameShape(y.shape, shape)) {
      rejectShape("MaxPoolGradient", "dy and y of the shape that MaxPool gives for x", [dy, x, y]);
    }
    return [x];
  },
  gradient: { none: "second derivatives of max pooling are not supported" },
  reference: reference((attributes, dy, x, y) => {
    const window = poolWindow("MaxPoolGradient", attributes);
    const ties = filled(y.shape);
    eachSeen(x.shape, window, (from, to) => {
      if (x.data[from] === y.data[to]) ties.data[to]! += 1;
    });
    const dx = filled(x.shape);
    eachSeen(x.shape, window, (from, to) => {
      if (x.data[from] === y.data[to]) dx.data[from]! += dy.data[to]! / ties.data[to]!;
    });
    return dx;
  }),
  expand: ([dy, x, y], attributes) => {
    const window = poolWindow("MaxPoolGradient", attributes);
    const expand = tiles(window) ? expandMaxOfTiles : expandMaxOfOverlaps;
    return [expand(dy!, x!, y!, window)];
  },
  // x and y must belong together: tests build them with MaxPool; these fix a small case with ties.
  samples: [
    {
      inputs: [
        { shape: [1, 1, 2, 3] },
        { shape: [1, 1, 4, 6], values: [1, 2, 3, 3, 0, 0, 2, 0, 3, 1, -1, 0, 5, 4, 1, 1, 0, 9, 4, 5, 1, 1, 9, 9] },
        { shape: [1, 1, 2, 3], values: [2, 3, 0, 5, 1, 9] },
      ],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
    {
      inputs: [
        { shape: [1, 1, 2, 2] },
        { shape: [1, 1, 3, 3], values: [1, 2, 3, 2, 2, 3, 0, 2, 3] },
        { shape: [1, 1, 2, 2], values: [2, 3, 2, 3] },
      ],
      attributes: { kernel_shape: [2, 2] },
    },
  ],
});

/**
 * The gradient of maxPool from x and its result y; equal maxima share evenly, so that dx sums to
 * dy.
 */
export function maxPoolGradient(dy: Value, x: Value, y: Value, options: PoolOptions): Value {
  return apply1(maxPoolGradientOp, [dy, x, y], poolAttributes(options));
}

/**
 * Windows that lie side by side: each element of x is seen once, so y and dy are enlarged and
 * compared with x.
 */
function expandMaxOfTiles(dy: Value, x: Value, y: Value, { kernel: scales }: Window): Value {
  const mask = equalsTopMask(tiled(x, spatialSize("MaxPoolGradient", y.type), scales), resizeNearest(y, { scales }));
  const ties = mul(averagePool(mask, { kernel: scales }), scalar(sizeOf(scales)));
  return padTo(mul(mask, resizeNearest(div(dy, ties), { scales })), pair(x.type.shape.slice(2).map(Number)));
}

/**
 * Any windows: one mask for each kernel element by a strided slice, put back together by a
 * ConvTranspose.
 */
function expandMaxOfOverlaps(dy: Value, x: Value, y: Value, window: Window): Value {
  const { kernel: size, strides, pads, dilations } = window;
  const lowest = -3.4028234663852886e38;
  const padded = pad(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]], lowest);
  const [height, width] = spatialSize("MaxPoolGradient", y.type);
  const masks = Array.from({ length: sizeOf(size) }, (_, at) => {
    const starts = [Math.floor(at / size[1]) * dilations[0], (at % size[1]) * dilations[1]];
    const ends = [starts[0]! + (height - 1) * strides[0] + 1, starts[1]! + (width - 1) * strides[1] + 1];
    return equalsTopMask(slice(padded, { starts, ends, axes: [2, 3], steps: strides }), y);
  });
  const share = div(dy, masks.reduce(add));
  const parts = masks.map((mask) => planes(mul(mask, share)));
  const oneHotKernels = Array.from({ length: parts.length ** 2 }, (_, at) => Number(at % (parts.length + 1) === 0));
  return scatter(concat(parts, 1), float32([parts.length, 1, ...size], oneHotKernels), window, x.type.shape);
}

const averagePoolOp = defineOp({
  name: "AveragePool",
  doc: "y[n,c,i,j] = the mean of x[n,c] in the window that starts at (i, j) stride - pad, padding not counted",
  attributeTypes: { ...poolAttributeTypes, count_include_pad: "int" },
  infer: (inputs, attributes) => {
    const [x] = checkInputs("AveragePool", inputs, [{ name: "x", rank: 4 }]);
    return [pooledType("AveragePool", x, attributes)];
  },
  gradient: chain(({ dy, attributes }, x) => [
    averagePoolGradient(dy, { ...optionsFrom("AveragePool", attributes), inputShape: x.type.shape }),
  ]),
  reference: reference((attributes, x) => {
    const window = poolWindow("AveragePool", attributes);
    const size = pair(x.shape.slice(2));
    const y = filled([...x.shape.slice(0, 2), ...positions(size, window)]);
    eachSeen(x.shape, window, (from, to) => {
      y.data[to]! += x.data[from]!;
    });
    const counts = seenCounts(size, window);
    y.data.forEach((sum, at) => {
      y.data[at] = sum / counts[at % counts.length]!;
    });
    return y;
  }),
  samples: poolSamples,
});

/** The mean of each window of x [N,C,H,W], padding not counted. Errors: GRAPH_SHAPE. */
export function averagePool(x: Value, options: PoolOptions): Value {
  return apply1(averagePoolOp, [x], poolAttributes(options));
}

const averagePoolGradientOp = defineOp({
  name: "AveragePoolGradient",
  doc: "dx = for each window, dy shared evenly among the elements of x that it sees",
  attributeTypes: { ...poolAttributeTypes, input_size: "ints" },
  infer: (inputs, attributes) => {
    const [dy] = checkInputs("AveragePoolGradient", inputs, [{ name: "dy", rank: 4 }]);
    const x = { dtype: dy.dtype, shape: [...dy.shape.slice(0, 2), ...listAttribute(attributes, "input_size", [])] };
    if (!sameShape(pooledType("AveragePoolGradient", x, attributes).shape, dy.shape)) {
      rejectShape("AveragePoolGradient", "dy of the shape that AveragePool gives for x", [dy, x]);
    }
    return [x];
  },
  gradient: chain(({ dy: g, attributes }) => [averagePool(g, optionsFrom("AveragePool", attributes))]),
  reference: reference((attributes, dy) => {
    const window = poolWindow("AveragePoolGradient", attributes);
    const size = pair(listAttribute(attributes, "input_size", []));
    const counts = seenCounts(size, window);
    const dx = filled([...dy.shape.slice(0, 2), ...size]);
    eachSeen(dx.shape, window, (to, from) => {
      dx.data[to]! += dy.data[from]! / counts[from % counts.length]!;
    });
    return dx;
  }),
  expand: ([dy], attributes) => {
    const window = poolWindow("AveragePoolGradient", attributes);
    const size = pair(listAttribute(attributes, "input_size", []));
    const x = [...dy!.type.shape.slice(0, 2), ...size];
    if (tiles(window)) {
      const share = mul(dy!, scalar(1 / sizeOf(window.kernel)));
      return [padTo(resizeNearest(share, { scales: window.kernel }), size)];
    }
    const counts = constant(float32([1, 1, ...positions(size, window)], seenCounts(size, window)));
    const ones = float32([1, 1, ...window.kernel], new Array(sizeOf(window.kernel)).fill(1));
    return [scatter(planes(div(dy!, counts)), ones, window, x)];
  },
  samples: averageGradientSamples,
});

/** The gradient of averagePool with respect to its input, of shape `inputShape` (H and W fixed). */
export function averagePoolGradient(dy: Value, options: PoolOptions & { readonly inputShape: Shape }): Value {
  const { inputShape, ...rest } = options;
  return apply1(averagePoolGradientOp, [dy], {
    ...poolAttributes(rest),
    input_size: inputShape.slice(2).map(Number),
  });
}

const globalAveragePoolOp = defineOp({
  name: "GlobalAveragePool",
  doc: "y[n,c,0,0] = the mean of x[n,c]",
  infer: (inputs) => {
    const [x] = checkInputs("GlobalAveragePool", inputs, [{ name: "x", rank: 4 }]);
    return [{ dtype: "float32", shape: [...x.shape.slice(0, 2), 1, 1] }];
  },
  gradient: chain(({ dy }, x) => {
    const count = sizeOf(spatialSize("GlobalAveragePool's gradient", x.type));
    return [expandTo(mul(dy, scalar(1 / count)), x.type.shape)];
  }),
  reference: reference((_, x) => {
    const count = sizeOf(x.shape.slice(2));
    const y = filled([...x.shape.slice(0, 2), 1, 1]);
    for (const [at, value] of x.data.entries()) y.data[Math.floor(at / count)]! += value / count;
    return y;
  }),
  samples: [{ inputs: [{ shape: [2, 3, 4, 5] }] }, { inputs: [{ shape: [1, 2, 1, 1] }] }],
});

/** The mean over height and width: [N,C,H,W] to [N,C,1,1]. */
export function globalAveragePool(x: Value): Value {
  return apply1(globalAveragePoolOp, [x]);
}
