/** Comparisons, selection and conversion of element types. */
import { chain, defineOp, extremes, noFlow, reference } from "../../op.ts";
import { broadcastOffsets, broadcastShape, mapTensor, zipTensors } from "../../reference-tensor.ts";
import {
  anyDtype,
  broadcastShapes,
  checkInputs,
  numberAttribute,
  numeric,
  rejectAttribute,
  rejectDtype,
} from "../../shape-rules.ts";
import { type DType, dtypeOfElementType, elementTypes } from "../../tensor-type.ts";
import { apply1, type Value } from "../../value.ts";
import { mul, sub } from "./arithmetic.ts";

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

function defineComparison(name: string, sign: string, compute: (a: number, b: number) => boolean) {
  const op = defineOp({
    name,
    doc: `y = a ${sign} b, as bool`,
    infer: (inputs) => {
      const dtypes = name === "Equal" ? [...numeric, "bool" as const] : numeric;
      const [a, b] = checkInputs(name, inputs, [
        { name: "a", dtypes },
        { name: "b", dtypes },
      ]);
      if (a.dtype !== b.dtype) rejectDtype(name, `b of a's type ${a.dtype}`, b);
      return [{ dtype: "bool", shape: broadcastShapes(name, [a, b]) }];
    },
    gradient: noFlow,
    reference: reference((_, a, b) => zipTensors(a, b, (left, right) => Number(compute(left, right)), "bool")),
    samples: [
      { inputs: [{ shape: [4, 5] }, { shape: [4, 5] }] },
      extremes([inf, inf, -inf, nan, nan, 1], [inf, -inf, -inf, nan, 1, nan]),
      {
        inputs: [
          { shape: [4, 5], dtype: "int64", range: [0, 3] },
          { shape: [1], dtype: "int64", range: [0, 3] },
        ],
      },
    ],
  });
  return (a: Value, b: Value): Value => apply1(op, [a, b]);
}

export const equal = defineComparison("Equal", "=", (a, b) => a === b);
export const greater = defineComparison("Greater", ">", (a, b) => a > b);
export const less = defineComparison("Less", "<", (a, b) => a < b);
export const greaterOrEqual = defineComparison("GreaterOrEqual", ">=", (a, b) => a >= b);
export const lessOrEqual = defineComparison("LessOrEqual", "<=", (a, b) => a <= b);

const whereOp = defineOp({
  name: "Where",
  doc: "y = a where the condition holds, else b",
  infer: (inputs) => {
    const [condition, a, b] = checkInputs("Where", inputs, [
      { name: "condition", dtypes: ["bool"] },
      { name: "a", dtypes: anyDtype },
      { name: "b", dtypes: anyDtype },
    ]);
    if (a.dtype !== b.dtype) rejectDtype("Where", `b of a's type ${a.dtype}`, b);
    return [{ dtype: a.dtype, shape: broadcastShapes("Where", [condition, a, b]) }];
  },
  gradient: chain(({ dy }, condition) => {
    const first = mul(dy, cast(condition, "float32"));
    return [undefined, first, sub(dy, first)];
  }),
  reference: reference((_, condition, a, b) => {
    const shape = broadcastShape(condition.shape, a.shape, b.shape);
    const fromA = broadcastOffsets(a.shape, shape);
    const fromB = broadcastOffsets(b.shape, shape);
    const data = Float64Array.from(broadcastOffsets(condition.shape, shape), (at, i) =>
      condition.data[at] ? a.data[fromA[i]!]! : b.data[fromB[i]!]!,
    );
    return { dtype: a.dtype, shape, data };
  }),
  samples: [
    { inputs: [{ shape: [3, 4], dtype: "bool" }, { shape: [3, 4] }, { shape: [3, 4] }] },
    { inputs: [{ shape: [3, 1], dtype: "bool" }, { shape: [4] }, { shape: [] }] },
    {
      inputs: [
        { shape: [4], dtype: "bool", values: [1, 0, 1, 0] },
        { shape: [4], values: [1, nan, inf, -inf] },
        { shape: [4], values: [nan, 2, -inf, inf] },
      ],
    },
  ],
});

/** `condition ? a : b`, element by element, broadcast. */
export function where(condition: Value, a: Value, b: Value): Value {
  return apply1(whereOp, [condition, a, b]);
}

const castOp = defineOp({
  name: "Cast",
  doc: "y = x converted to the element type `to`; fractions are cut off, and every number but 0 is true",
  attributeTypes: { to: "int", saturate: "int" },
  infer: (inputs, attributes) => {
    const [x] = checkInputs("Cast", inputs, [{ name: "x", dtypes: anyDtype }]);
    const dtype = dtypeOfElementType(numberAttribute(attributes, "to", 0));
    if (!dtype) rejectAttribute("Cast", `to = one of ${anyDtype.join(", ")}`, attributes.to);
    return [{ dtype, shape: x.shape }];
  },
  gradient: chain(({ dy }, x) => [x.type.dtype === "float32" ? dy : undefined]),
  reference: reference((attributes, x) => {
    const dtype = dtypeOfElementType(numberAttribute(attributes, "to", 0)) ?? x.dtype;
    if (dtype === "bool") return mapTensor(x, (value) => Number(value !== 0), dtype);
    return mapTensor(x, dtype === "float32" ? (value) => value : Math.trunc, dtype);
  }),
  samples: [
    { inputs: [{ shape: [3, 4], dtype: "uint8", range: [0, 255] }], attributes: { to: elementTypes.float32 } },
    { inputs: [{ shape: [3, 4], dtype: "bool" }], attributes: { to: elementTypes.float32 } },
    { inputs: [{ shape: [3, 4], dtype: "int64", range: [-9, 9] }], attributes: { to: elementTypes.int32 } },
    { inputs: [{ shape: [3, 4], range: [-9, 9] }], attributes: { to: elementTypes.float32 } },
    { ...extremes([inf, -inf, nan, 0.5, -0.5, 0]), attributes: { to: elementTypes.bool } },
  ],
});

/** x as another element type; x itself where it has that type already. */
export function cast(x: Value, dtype: DType): Value {
  return x.type.dtype === dtype ? x : apply1(castOp, [x], { to: elementTypes[dtype] });
}
