/** Ops that read or place elements by index: Gather, OneHot, and the nearest-neighbour Resize. */
import { chain, defineOp, noFlow, reference, rejectShape } from "../../op.ts";
import { filled, stridesOf } from "../../reference-tensor.ts";
import {
  anyDtype,
  checkInputs,
  constantNumbers,
  indexDtype,
  normalizeAxis,
  numberAttribute,
  onlyAttribute,
  rejectAttribute,
} from "../../shape-rules.ts";
import { float32, sizeOf, type TensorData, type TensorType } from "../../tensor-type.ts";
import { apply1, constant, type Value } from "../../value.ts";
import { quad } from "../../window.ts";
import { gemm } from "../linear.ts";
import { reduceSum } from "../reduction.ts";
import { reshape, transpose } from "./shape.ts";

const gatherOp = defineOp({
  name: "Gather",
  doc: "y = the slices of x at the given indices of one axis; negative indices count from the end",
  attributeTypes: { axis: "int" },
  infer: (inputs, attributes) => {
    const [x, indices] = checkInputs("Gather", inputs, [
      { name: "x", dtypes: anyDtype },
      { name: "indices", dtypes: indexDtype },
    ]);
    const axis = normalizeAxis("Gather", numberAttribute(attributes, "axis", 0), x.shape.length);
    return [{ dtype: x.dtype, shape: x.shape.toSpliced(axis, 1, ...indices.shape) }];
  },
  gradient: chain(({ dy, attributes }, x, indices) => {
    const { shape } = x.type;
    const axis = normalizeAxis("Gather", numberAttribute(attributes, "axis", 0), shape.length);
    const sizes = shape.map(Number);
    const [before, size, after] = [sizeOf(sizes.slice(0, axis)), sizes[axis]!, sizeOf(sizes.slice(axis + 1))];
    const count = sizeOf(indices.type.shape.map(Number));
    // A sum over the places that took a slice is a product with the indices' one-hot matrix [count,
    // size].
    const places = oneHot(reshape(indices, [count]), size);
    const rows = reshape(transpose(reshape(dy, [before, count, after]), [1, 0, 2]), [count, before * after]);
    const summed = reshape(gemm(places, rows, undefined, { transA: true }), [size, before, after]);
    return [reshape(transpose(summed, [1, 0, 2]), shape)];
  }),
  reference: reference((attributes, x, indices) => {
    const axis = normalizeAxis("Gather", numberAttribute(attributes, "axis", 0), x.shape.length);
    const size = x.shape[axis]!;
    const after = stridesOf(x.shape)[axis]!;
    const y = filled(x.shape.toSpliced(axis, 1, ...indices.shape), 0, x.dtype);
    const count = indices.data.length;
    for (let at = 0; at < y.data.length; at++) {
      const index = indices.data[Math.floor(at / after) % count]!;
      const before = Math.floor(at / (after * count));
      y.data[at] = x.data[(before * size + (index < 0 ? index + size : index)) * after + (at % after)]!;
    }
    return y;
  }),
  samples: [
    { inputs: [{ shape: [5, 3] }, { shape: [4], dtype: "int64", values: [4, 0, 4, -2] }], attributes: { axis: 0 } },
    {
      inputs: [{ shape: [2, 4, 3] }, { shape: [2, 2], dtype: "int32", values: [3, 1, 1, 0] }],
      attributes: { axis: 1 },
    },
    { inputs: [{ shape: [2, 4] }, { shape: [], dtype: "int64", values: [2] }], attributes: { axis: -1 } },
  ],
});

/** The slices of x at `indices` (int32 or int64) of one axis, the first unless given. */
export function gather(x: Value, indices: Value, axis = 0): Value {
  return apply1(gatherOp, [x, indices], { axis });
}

const oneHotOp = defineOp({
  name: "OneHot",
  doc: "y[..., j] = values[1] where j is the index (from the end where negative), else values[0]",
  attributeTypes: { axis: "int" },
  infer: (inputs, attributes, constants) => {
    onlyAttribute("OneHot", attributes, "axis", -1);
    const [indices, , values] = checkInputs("OneHot", inputs, [
      { name: "indices", dtypes: indexDtype },
      { name: "depth", dtypes: indexDtype },
      { name: "values", dtypes: anyDtype, rank: 1 },
    ]);
    const [depth = 0] = constantNumbers("OneHot", "depth", constants[1]);
    if (depth < 1) rejectAttribute("OneHot", "depth >= 1", depth);
    return [{ dtype: values.dtype, shape: [...indices.shape, depth] }];
  },
  gradient: noFlow,
  reference: reference((_, indices, depth, values) => {
    const size = depth.data[0]!;
    const y = filled([...indices.shape, size], values.data[0], values.dtype);
    for (const [row, index] of indices.data.entries()) {
      if (index >= -size && index < size) y.data[row * size + (index < 0 ? index + size : index)] = values.data[1]!;
    }
    return y;
  }),
  samples: [
    {
      inputs: [
        { shape: [4], dtype: "int64", values: [0, 2, -1, 1] },
        { shape: [], dtype: "int64", values: [3], constant: true },
        { shape: [2], values: [0, 1], constant: true },
      ],
    },
    {
      inputs: [
        { shape: [2, 2], dtype: "int32", values: [0, 3, 2, 1] },
        { shape: [], dtype: "int32", values: [4], constant: true },
        { shape: [2], values: [0.25, 2], constant: true },
      ],
    },
  ],
});

/** Indices (int32 or int64) [...] as float32 [..., depth] rows of zeros with a one at the index. */
export function oneHot(indices: Value, depth: number): Value {
  const size: TensorData =
    indices.type.dtype === "int32"
      ? { dtype: "int32", shape: [], data: Int32Array.of(depth) }
      : { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(depth)) };
  return apply1(oneHotOp, [indices, constant(size), constant(float32([2], [0, 1]))], { axis: -1 });
}

const nearestMode = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" } as const;

const resizeOp = defineOp({
  name: "Resize",
  doc: "y[n,c,i,j] = x[n,c, floor(i / sh), floor(j / sw)]: each element repeated sh x sw times",
  attributeTypes: { mode: "string", coordinate_transformation_mode: "string", nearest_mode: "string" },
  infer: (inputs, attributes, constants) => {
    for (const [name, value] of Object.entries(nearestMode)) onlyAttribute("Resize", attributes, name, value);
    const [x] = checkInputs("Resize", inputs, [
      { name: "x", rank: 4 },
      { name: "roi", optional: true },
      { name: "scales", rank: 1 },
    ]);
    const scales = constantNumbers("Resize", "scales", constants[2]);
    if (
      scales.length !== 4 ||
      scales[0] !== 1 ||
      scales[1] !== 1 ||
      scales.some((s) => !Number.isInteger(s) || s < 1)
    ) {
      rejectAttribute("Resize", "scales = [1, 1, rows, columns], whole numbers >= 1", scales);
    }
    return [{ dtype: "float32", shape: x.shape.map((dim, axis) => scaled(x, dim, scales[axis]!)) }];
  },
  gradient: chain(({ dy, y }, x) => {
    const [batch, channels, height, width] = x.type.shape;
    const rows = Number(y.type.shape[2]) / Number(height);
    const columns = Number(y.type.shape[3]) / Number(width);
    const blocks = reshape(dy, [batch!, channels!, height!, rows, width!, columns]);
    return [reduceSum(blocks, { axes: [3, 5] })];
  }),
  reference: reference((_, x, _roi, scales) => {
    const [batch, channels, height, width] = quad(x.shape);
    const [rows, columns] = [scales.data[2]!, scales.data[3]!];
    const y = filled([batch, channels, height * rows, width * columns]);
    for (let at = 0; at < y.data.length; at++) {
      const row = Math.floor(at / (width * columns) / rows);
      y.data[at] = x.data[row * width + Math.floor((at % (width * columns)) / columns)]!;
    }
    return y;
  }),
  samples: [
    {
      inputs: [{ shape: [2, 2, 3, 2] }, undefined, { shape: [4], values: [1, 1, 2, 2], constant: true }],
      attributes: nearestMode,
    },
    {
      inputs: [{ shape: [1, 2, 2, 2] }, undefined, { shape: [4], values: [1, 1, 3, 1], constant: true }],
      attributes: nearestMode,
    },
  ],
});

function scaled(x: TensorType, dim: number | string, scale: number): number | string {
  if (scale === 1) return dim;
  return typeof dim === "number" ? dim * scale : rejectShape("Resize", "a fixed height and width", [x]);
}

/**
 * x [N,C,H,W] with every element repeated scales[0] times down and scales[1] times across, whole
 * numbers.
 */
export function resizeNearest(x: Value, { scales }: { readonly scales: readonly number[] }): Value {
  return apply1(resizeOp, [x, undefined, constant(float32([2 + scales.length], [1, 1, ...scales]))], nearestMode);
}
