/** Products of matrices. */

import { type Attributes, chain, defineOp, type ReferenceTensor, reference, rejectShape } from "../op.ts";
import {
  broadcastOffsets,
  broadcastShape,
  filled,
  offsetsOf,
  pick,
  stridesOf,
  zipTensors,
} from "../reference-tensor.ts";
import { broadcastShapes, checkInputs, numberAttribute } from "../shape-rules.ts";
import { sameShape, sizeOf } from "../tensor-type.ts";
import { apply1, scalar, type Value } from "../value.ts";
import { mul } from "./elementwise/arithmetic.ts";
import { transpose } from "./movement/shape.ts";

const matMulOp = defineOp({
  name: "MatMul",
  doc: "y[..., i, j] = sum over k of a[..., i, k] b[..., k, j]; leading axes broadcast",
  infer: (inputs) => {
    const [a, b] = checkInputs("MatMul", inputs, [{ name: "a" }, { name: "b" }]);
    if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
      rejectShape("MatMul", "matrices where a's last dim = b's second to last", [a, b]);
    }
    const batch = broadcastShapes(
      "MatMul",
      [a, b].map(({ dtype, shape }) => ({ dtype, shape: shape.slice(0, -2) })),
    );
    return [{ dtype: "float32", shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!] }];
  },
  gradient: chain(({ dy }, a, b) => {
    if (a.type.shape.length === 2 && b.type.shape.length === 2) {
      return [gemm(dy, b, undefined, { transB: true }), gemm(a, dy, undefined, { transA: true })];
    }
    return [matMul(dy, swapLastAxes(b)), matMul(swapLastAxes(a), dy)];
  }),
  reference: reference((_, a, b) => multiply(a, b)),
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4, 2] }] },
    { inputs: [{ shape: [2, 3, 4] }, { shape: [4, 2] }] },
    { inputs: [{ shape: [2, 1, 3, 4] }, { shape: [3, 4, 2] }] },
  ],
});

function swapLastAxes(x: Value): Value {
  const axes = x.type.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

function multiply(a: ReferenceTensor, b: ReferenceTensor): ReferenceTensor {
  const [rows, inner, columns] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const blocksOfA = broadcastOffsets(a.shape.slice(0, -2), batch);
  const blocksOfB = broadcastOffsets(b.shape.slice(0, -2), batch);
  const y = filled([...batch, rows, columns]);
  for (let block = 0; block < sizeOf(batch); block++) {
    const [aAt, bAt] = [blocksOfA[block]! * rows * inner, blocksOfB[block]! * inner * columns];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += a.data[aAt + i * inner + k]! * b.data[bAt + k * columns + j]!;
        y.data[(block * rows + i) * columns + j] = sum;
      }
    }
  }
  return y;
}

/** The product of matrices, batched over broadcast leading axes. Errors: GRAPH_SHAPE. */
export function matMul(a: Value, b: Value): Value {
  return apply1(matMulOp, [a, b]);
}

export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
}

const gemmOp = defineOp({
  name: "Gemm",
  doc: "y = alpha A B + beta c, where A is a or its transpose and B is b or its transpose; c broadcasts to y",
  attributeTypes: { transA: "int", transB: "int", alpha: "float", beta: "float" },
  infer: (inputs, attributes) => {
    const [a, b, c] = checkInputs("Gemm", inputs, [
      { name: "a", rank: 2 },
      { name: "b", rank: 2 },
      { name: "c", optional: true },
    ]);
    const { transA, transB } = flags(attributes);
    const [rows, inner] = transA ? a.shape.toReversed() : a.shape;
    const [sameInner, columns] = transB ? b.shape.toReversed() : b.shape;
    if (inner !== sameInner) {
      const constraint = `a's columns = b's rows (transA ${transA ? "on" : "off"}, transB ${transB ? "on" : "off"})`;
      rejectShape("Gemm", constraint, [a, b]);
    }
    const y = { dtype: "float32" as const, shape: [rows!, columns!] };
    if (c && !sameShape(broadcastShapes("Gemm", [y, c]), y.shape)) rejectShape("Gemm", "c that repeats to y", [y, c]);
    return [y];
  },
  gradient: chain(({ dy, attributes }, a, b, c?: Value) => {
    const { transA, transB, alpha, beta } = flags(attributes);
    const da = transA
      ? gemm(b, dy, undefined, { transA: transB, transB: true, alpha })
      : gemm(dy, b, undefined, { transB: !transB, alpha });
    const db = transB
      ? gemm(dy, a, undefined, { transA: true, transB: transA, alpha })
      : gemm(a, dy, undefined, { transA: !transA, alpha });
    return [da, db, c && (beta === 1 ? dy : mul(dy, scalar(beta)))];
  }),
  reference: reference((attributes, a, b, c?: ReferenceTensor) => {
    const { transA, transB, alpha, beta } = flags(attributes);
    const product = multiply(transA ? transposed(a) : a, transB ? transposed(b) : b);
    return zipTensors(product, c ?? filled([]), (y, bias) => alpha * y + beta * bias);
  }),
  samples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4, 2] }, { shape: [2] }] },
    { inputs: [{ shape: [4, 3] }, { shape: [4, 2] }], attributes: { transA: 1 } },
    { inputs: [{ shape: [3, 4] }, { shape: [2, 4] }, { shape: [3, 1] }], attributes: { transB: 1, beta: 0.5 } },
    { inputs: [{ shape: [4, 3] }, { shape: [2, 4] }, { shape: [] }], attributes: { transA: 1, transB: 1, alpha: 0.7 } },
  ],
});

function flags(attributes: Attributes): Required<GemmOptions> {
  return {
    transA: numberAttribute(attributes, "transA", 0) !== 0,
    transB: numberAttribute(attributes, "transB", 0) !== 0,
    alpha: numberAttribute(attributes, "alpha", 1),
    beta: numberAttribute(attributes, "beta", 1),
  };
}

function transposed(x: ReferenceTensor): ReferenceTensor {
  const shape = x.shape.toReversed();
  return pick(x, shape, offsetsOf(shape, stridesOf(x.shape).toReversed()));
}

/**
 * alpha A B + beta c for matrices, each side transposed first where asked; c broadcasts. Errors:
 * GRAPH_SHAPE.
 */
export function gemm(a: Value, b: Value, c?: Value, options: GemmOptions = {}): Value {
  const { transA = false, transB = false, alpha = 1, beta = 1 } = options;
  return apply1(gemmOp, c ? [a, b, c] : [a, b], { transA: Number(transA), transB: Number(transB), alpha, beta });
}
