/**
 * Convolution weights between ONNX's `[O,C,kh,kw]` and the orders that the blocked kernels read.
 */
import { reshape } from "../../graph/ops/movement/movement.ts";
import { sizeOf } from "../../graph/tensor-type.ts";
import { apply1, type Value } from "../../graph/value.ts";
import { type Quad, quad } from "../../graph/window.ts";
import type { BlockedOps } from "./nchwc-ops.ts";
import type { RowGather } from "./rows.ts";

export interface BlockedWeights {
  /** `[O/b, C/b, kh, kw, b(C), b(O)]`; for fewer than b channels `[O/b, C, kh, kw, b(O)]`. */
  forward(w: Value): Value;
  /** The weights of the input gradient: O and C change places, rows and columns run backwards. */
  rotated(w: Value): Value;
  /** `[C/b, kh, kw, b]` of depthwise weights `[C,1,kh,kw]`. */
  depthwise(w: Value): Value;
  depthwiseRotated(w: Value): Value;
  /** From `[C/b, kh, kw, b]` back to `[C,1,kh,kw]`. */
  depthwisePlain(w: Value): Value;
}

export function createBlockedWeights(ops: BlockedOps, gather: RowGather): BlockedWeights {
  const b = ops.block;
  const toRows = (value: Value, shape: Quad) => apply1(ops.reorderInput, [reshape(value, shape)]);

  /** Rows of b output channels, from [O/b][C][taps], into [O/b][C/b][taps][b(C)]. */
  const forward = (w: Value): Value => {
    const [o, c, kh, kw] = quad(w.type.shape);
    const taps = kh * kw;
    const rows = toRows(w, [o / b, b, c * taps, 1]);
    if (c < b) return reshape(rows, [o, c, kh, kw]);
    const sorted = gather.rows(rows, b, `weights forward ${[o, c, taps]}`, () =>
      nested([o / b, c / b, taps, b], (ob, cb, tap, ci) => (ob * c + cb * b + ci) * taps + tap),
    );
    return reshape(sorted, [o, c, kh, kw]);
  };

  /** Rows of b input channels, from [O][C/b][taps], into [C/b][O/b][taps backwards][b(O)]. */
  const rotated = (w: Value): Value => {
    const [o, c, kh, kw] = quad(w.type.shape);
    const taps = kh * kw;
    const sorted = gather.rows(toRows(w, [o, c, taps, 1]), b, `weights rotated ${[o, c, taps]}`, () =>
      nested([c / b, o / b, taps, b], (cb, ob, tap, oi) => ((ob * b + oi) * (c / b) + cb) * taps + (taps - 1 - tap)),
    );
    return reshape(sorted, [c, o, kh, kw]);
  };

  const depthwise = (w: Value): Value => {
    const [c, , kh, kw] = quad(w.type.shape);
    return reshape(toRows(w, [1, c, kh * kw, 1]), [c, 1, kh, kw]);
  };

  const depthwiseRotated = (w: Value): Value => {
    const [c, , kh, kw] = quad(w.type.shape);
    const taps = kh * kw;
    const sorted = gather.rows(toRows(w, [1, c, taps, 1]), b, `weights depthwise rotated ${[c, taps]}`, () =>
      nested([c / b, taps, 1, 1], (cb, tap) => cb * taps + (taps - 1 - tap)),
    );
    return reshape(sorted, [c, 1, kh, kw]);
  };

  const depthwisePlain = (w: Value): Value => {
    const [c, , kh, kw] = quad(w.type.shape);
    return reshape(apply1(ops.reorderOutput, [reshape(w, [1, c, kh * kw, 1])], { channels: c }), [c, 1, kh, kw]);
  };

  return { forward, rotated, depthwise, depthwiseRotated, depthwisePlain };
}

/** The values of `at` for every index of a four-deep loop, in row-major order. */
export function nested(sizes: Quad, at: (i: number, j: number, k: number, l: number) => number): Int32Array {
  const out = new Int32Array(sizeOf(sizes));
  let next = 0;
  for (let i = 0; i < sizes[0]; i++) {
    for (let j = 0; j < sizes[1]; j++) {
      for (let k = 0; k < sizes[2]; k++) for (let l = 0; l < sizes[3]; l++) out[next++] = at(i, j, k, l);
    }
  }
  return out;
}
