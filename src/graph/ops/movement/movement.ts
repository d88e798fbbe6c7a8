/** Every op that moves elements, and the sum that undoes broadcasting. */
import { rejectShape } from "../../op.ts";
import { formatShape, type Shape, sameShape } from "../../tensor-type.ts";
import type { Value } from "../../value.ts";
import { reduceSum } from "../reduction.ts";
import { reshape } from "./shape.ts";

export { gridSample } from "../convolution/grid-sample.ts";
export { gather, oneHot, resizeNearest } from "./indexing.ts";
export { concat, split } from "./joining.ts";
export { expand, expandTo, flatten, reshape, shapeOf, transpose } from "./shape.ts";
export type { SliceOptions } from "./slicing.ts";
export { pad, slice } from "./slicing.ts";

/**
 * Sums x over the axes along which `shape` was broadcast to x's shape; x itself where the shapes
 * agree. The one place where broadcasting is undone. Errors: GRAPH_SHAPE where `shape` does not
 * broadcast to x's shape.
 */
export function sumTo(x: Value, shape: Shape): Value {
  const from = x.type.shape;
  if (sameShape(from, shape)) return x;
  const added = from.length - shape.length;
  const axes = from.flatMap((dim, axis) => (axis < added || (shape[axis - added] === 1 && dim !== 1) ? [axis] : []));
  const fits = added >= 0 && from.every((dim, axis) => axes.includes(axis) || dim === shape[axis - added]);
  if (!fits) rejectShape("sumTo", `a value to whose shape ${formatShape(shape)} broadcasts`, [x.type]);
  return reshape(reduceSum(x, { axes }), shape);
}
