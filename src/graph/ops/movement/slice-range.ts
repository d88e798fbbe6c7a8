/**
 * ONNX's way of writing slices, made plain: for each axis the first index, the step and the count.
 */
import { rejectShape } from "../../op.ts";
import { normalizeAxis, rejectAttribute } from "../../shape-rules.ts";
import type { TensorType } from "../../tensor-type.ts";

export interface SliceRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

export interface SliceLists {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes?: readonly number[] | undefined;
  readonly steps?: readonly number[] | undefined;
}

/**
 * The range of each axis that a slice touches: negative starts and ends count from the end, both
 * are clamped.
 * Errors: GRAPH_ATTRIBUTE (lists of different lengths, step 0), GRAPH_SHAPE (a symbolic axis,
 * nothing left).
 */
export function sliceRanges(x: TensorType, lists: SliceLists): ReadonlyMap<number, SliceRange> {
  const { starts, ends, axes = starts.map((_, axis) => axis), steps = starts.map(() => 1) } = lists;
  if ([ends, axes, steps].some((list) => list.length !== starts.length) || steps.includes(0)) {
    rejectAttribute(
      "Slice",
      "starts, ends, axes and steps of one length, no step 0",
      [starts, ends, axes, steps].join(" | "),
    );
  }
  const ranges = new Map<number, SliceRange>();
  for (const [at, given] of axes.entries()) {
    const axis = normalizeAxis("Slice", given, x.shape.length);
    const size = x.shape[axis]!;
    if (typeof size !== "number") rejectShape("Slice", `a fixed size of axis ${axis}`, [x]);
    const step = steps[at]!;
    const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
    const fromFront = (index: number) => Math.max(least, Math.min(most, index < 0 ? index + size : index));
    const start = Math.max(0, fromFront(starts[at]!));
    const count = Math.ceil((fromFront(ends[at]!) - start) / step);
    if (count < 1) rejectShape("Slice", `at least one index of axis ${axis} (${starts[at]} to ${ends[at]})`, [x]);
    ranges.set(axis, { start, step, count });
  }
  return ranges;
}
