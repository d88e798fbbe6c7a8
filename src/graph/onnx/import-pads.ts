/** Paddings that exporters write: around windows in ways that our ops do not have, and by copies of a picture's edge. */
import type { Attributes } from "../op.ts";
import { gather, pad, slice } from "../ops/table.ts";
import { listAttribute } from "../shape-rules.ts";
import { int64Vector } from "../tensor-type.ts";
import { constant, type Value } from "../value.ts";
import { pair } from "../window.ts";

/** x with constant elements around it; a negative count takes elements away. */
export function padImage(x: Value, pads: readonly number[], value = 0): Value {
  const rank = x.type.shape.length;
  const axes = x.type.shape.flatMap((_, axis) => (pads[axis]! < 0 || pads[axis + rank]! < 0 ? [axis] : []));
  const padded = pad(
    x,
    pads.map((count) => Math.max(0, count)),
    value,
  );
  if (axes.length === 0) return padded;
  const starts = axes.map((axis) => Math.max(0, -pads[axis]!));
  const ends = axes.map((axis) => Number(padded.type.shape[axis]) + Math.min(0, pads[axis + rank]!));
  return slice(padded, { starts, ends, axes });
}

/** Longer axes are no picture's, and their places would be a list as long. */
const mostCopied = 2 ** 16;

/** x with copies of its own elements around it, axis by axis. `undefined` where a padded axis is symbolic. */
export function padByCopies(x: Value, pads: readonly number[], mode: string): Value | undefined {
  const rank = x.type.shape.length;
  let y = x;
  for (const [axis, size] of x.type.shape.entries()) {
    const [before, after] = [pads[axis]!, pads[axis + rank]!];
    if (before === 0 && after === 0) continue;
    if (typeof size !== "number" || before < 0 || after < 0) return undefined;
    if (!(before + size + after <= mostCopied)) return undefined;
    if (mode === "reflect" && Math.max(before, after) >= size) return undefined;
    const places = Array.from({ length: before + size + after }, (_, at) => placeOf(at - before, size, mode));
    y = gather(y, constant(int64Vector(places)), axis);
  }
  return y;
}

function placeOf(at: number, size: number, mode: string): number {
  if (mode === "wrap") return ((at % size) + size) % size;
  if (mode === "edge") return Math.max(0, Math.min(size - 1, at));
  return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
}

/**
 * The attributes of Conv and pooling with pads in numbers in the place of `auto_pad` and `ceil_mode`; as they are
 * where height and width are unknown.
 */
export function explicitWindow(x: Value, kernelFrom: Value | undefined, attributes: Attributes): Attributes {
  const { auto_pad: autoPad, ceil_mode: ceil, ...rest } = attributes;
  const auto = autoPad === "NOTSET" ? undefined : autoPad;
  const size = pair(x.type.shape.slice(2).map(Number));
  const kernel = listAttribute(attributes, "kernel_shape", kernelFrom?.type.shape.slice(2).map(Number) ?? []);
  if (auto !== undefined && !/^(VALID|SAME_UPPER|SAME_LOWER)$/.test(String(auto))) return attributes;
  const isPicture = x.type.shape.length === 4 && kernel.length === 2 && size.every(Number.isFinite);
  if (!isPicture || (auto === undefined && !ceil)) return auto === undefined && !ceil ? rest : attributes;
  const strides = listAttribute(attributes, "strides", [1, 1]);
  const dilations = listAttribute(attributes, "dilations", [1, 1]);
  const given = auto === undefined ? listAttribute(attributes, "pads", [0, 0, 0, 0]) : [0, 0, 0, 0];
  const edges = [0, 1].map((axis) => {
    const span = dilations[axis]! * (kernel[axis]! - 1) + 1;
    const stride = strides[axis]!;
    if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
      const total = Math.max(0, (Math.ceil(size[axis]! / stride) - 1) * stride + span - size[axis]!);
      const less = Math.floor(total / 2);
      return auto === "SAME_UPPER" ? [less, total - less] : [total - less, less];
    }
    const [before, after] = [given[axis]!, given[axis + 2]!];
    if (!ceil) return [before, after];
    let count = Math.ceil((size[axis]! + before + after - span) / stride) + 1;
    // A window that would start behind the picture is left out.
    if ((count - 1) * stride >= size[axis]! + before) count--;
    return [before, Math.max(after, (count - 1) * stride + span - size[axis]! - before)];
  });
  const pads = [edges[0]![0]!, edges[1]![0]!, edges[0]![1]!, edges[1]![1]!];
  return { ...rest, pads };
}

/** The pads of a Pad node for all axes, from those of the axes that it names. */
export function padsOfAxes(
  rank: number,
  pads: readonly number[],
  axes: readonly number[] | undefined,
): readonly number[] | undefined {
  if (!axes) return pads.length === 2 * rank ? pads : undefined;
  if (pads.length !== 2 * axes.length) return undefined;
  const all: number[] = new Array(2 * rank).fill(0);
  for (const [at, given] of axes.entries()) {
    const axis = given < 0 ? given + rank : given;
    all[axis] = pads[at]!;
    all[axis + rank] = pads[at + axes.length]!;
  }
  return all.length === 2 * rank ? all : undefined;
}
