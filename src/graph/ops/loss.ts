/** Softmax and the losses and counts of classification. */
import { AppError } from "../../base/errors.ts";
import { chain, defineOp, extremes, type ReferenceTensor, reference, rejectShape } from "../op.ts";
import { stridesOf } from "../reference-tensor.ts";
import { checkInputs, normalizeAxis, numberAttribute, rejectAttribute } from "../shape-rules.ts";
import { float32 } from "../tensor-type.ts";
import { apply1, constant, scalar, type Value } from "../value.ts";
import { add, div, exp, mul, neg, sub } from "./elementwise/arithmetic.ts";
import { cast, equal } from "./elementwise/comparison.ts";
import { oneHot } from "./movement/indexing.ts";
import { argMax, reduceMean, reduceSum } from "./reduction.ts";

type SoftmaxGradient = (dy: Value, y: Value, sum: (x: Value) => Value) => Value;

function defineSoftmax(
  name: string,
  doc: string,
  end: (shifted: number, sumOfExp: number) => number,
  gradient: SoftmaxGradient,
): (x: Value, axis?: number) => Value {
  const op = defineOp({
    name,
    doc,
    attributeTypes: { axis: "int" },
    infer: (inputs, attributes) => {
      const [x] = checkInputs(name, inputs, [{ name: "x" }]);
      normalizeAxis(name, numberAttribute(attributes, "axis", -1), x.shape.length);
      return [x];
    },
    gradient: chain(({ dy, y, attributes }) => {
      const axes = [numberAttribute(attributes, "axis", -1)];
      return [gradient(dy, y, (x) => reduceSum(x, { axes, keepdims: true }))];
    }),
    reference: reference((attributes, x) => alongAxis(x, numberAttribute(attributes, "axis", -1), end)),
    samples: [
      { inputs: [{ shape: [3, 5], range: [-3, 3] }], attributes: { axis: -1 } },
      { inputs: [{ shape: [2, 3, 4], range: [-3, 3] }], attributes: { axis: 1 } },
      { inputs: [{ shape: [2, 3], range: [30, 60] }], attributes: { axis: 1 } },
      { ...extremes([1e4, -1e4, 0, 88]), attributes: { axis: 0 } },
      { ...extremes([Number.NEGATIVE_INFINITY, 0, 1, 1e30]), attributes: { axis: 0 } },
      { ...extremes([Number.NaN, 0, 1]), attributes: { axis: 0 } },
    ],
  });
  return (x, axis = -1) => apply1(op, [x], { axis });
}

function alongAxis(
  x: ReferenceTensor,
  given: number,
  end: (shifted: number, sumOfExp: number) => number,
): ReferenceTensor {
  const axis = normalizeAxis("softmax", given, x.shape.length);
  const stride = stridesOf(x.shape)[axis]!;
  const size = x.shape[axis]!;
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / stride) % size !== 0) continue;
    const places = Array.from({ length: size }, (_, at) => start + at * stride);
    const top = Math.max(...places.map((at) => x.data[at]!));
    const sum = places.reduce((total, at) => total + Math.exp(x.data[at]! - top), 0);
    for (const at of places) data[at] = end(x.data[at]! - top, sum);
  }
  return { dtype: x.dtype, shape: x.shape, data };
}

/** e^x / sum e^x along the axis, the last one unless given. */
export const softmax = defineSoftmax(
  "Softmax",
  "y = e^x / sum of e^x along the axis",
  (shifted, sum) => Math.exp(shifted) / sum,
  (dy, y, sum) => mul(y, sub(dy, sum(mul(dy, y)))),
);

/** x - ln sum e^x along the axis, the last one unless given. */
export const logSoftmax = defineSoftmax(
  "LogSoftmax",
  "y = x - ln sum of e^x along the axis",
  (shifted, sum) => shifted - Math.log(sum),
  (dy, y, sum) => sub(dy, mul(exp(y), sum(dy))),
);

export interface CrossEntropyOptions {
  /**
   * How much of each target's weight is spread evenly over all classes, in [0, 1]; 0 unless given.
   */
  readonly labelSmoothing?: number;
  /** One weight for each class; all 1 unless given. */
  readonly classWeights?: readonly number[];
}

/**
 * The mean cross-entropy of logits [N,C] and targets: class indices (int32 or int64 [N]) or
 * probabilities (float32 [N,C]). With smoothing s the target is q = (1 - s) target + s / C, and the
 * loss of one row is -sum_c w_c q_c log softmax(logits)_c. Class indices: the mean is weighted, sum
 * of rows / sum of the targets' weights. Probabilities: sum of rows / N. Both are what PyTorch's
 * torch.nn.functional.cross_entropy computes. Errors: GRAPH_SHAPE, GRAPH_DTYPE, GRAPH_ATTRIBUTE.
 */
export function softmaxCrossEntropy(logits: Value, target: Value, options: CrossEntropyOptions = {}): Value {
  const { labelSmoothing = 0, classWeights } = options;
  const classes = checkClasses("softmaxCrossEntropy", logits, target);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    rejectAttribute("softmaxCrossEntropy", "labelSmoothing in [0, 1]", labelSmoothing);
  }
  if (classWeights && classWeights.length !== classes) {
    rejectAttribute("softmaxCrossEntropy", `${classes} class weights`, classWeights);
  }
  const byIndex = target.type.dtype !== "float32";
  const exact = byIndex ? oneHot(target, classes) : target;
  const weights = classWeights && constant(float32([classes], classWeights));
  const spread = scalar(labelSmoothing / classes);
  const smoothed = labelSmoothing === 0 ? exact : add(mul(exact, scalar(1 - labelSmoothing)), spread);
  const weighted = weights ? mul(smoothed, weights) : smoothed;
  const rows = reduceSum(mul(weighted, logSoftmax(logits)), { axes: [1] });
  if (!weights || !byIndex) return neg(reduceMean(rows));
  return neg(div(reduceSum(rows), reduceSum(mul(exact, weights))));
}

/**
 * How many rows of logits [N,C] have their greatest element at the target (int [N], or the greatest
 * of float32 [N,C]).
 */
export function correctCount(logits: Value, target: Value): Value {
  checkClasses("correctCount", logits, target);
  const wanted = target.type.dtype === "float32" ? argMax(target, { axis: 1 }) : cast(target, "int64");
  return reduceSum(cast(equal(argMax(logits, { axis: 1 }), wanted), "float32"));
}

function checkClasses(name: string, logits: Value, target: Value): number {
  const [rows, classes] = logits.type.shape;
  const { dtype, shape } = target.type;
  const fits = dtype === "float32" ? shape.length === 2 && shape[1] === classes : shape.length === 1;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "int64") {
    throw new AppError("GRAPH_DTYPE", { required: `int32, int64 or float32 targets for ${name}`, received: dtype });
  }
  if (logits.type.shape.length !== 2 || typeof classes !== "number" || !fits || shape[0] !== rows) {
    rejectShape(name, "logits [N,C] and targets [N] (indices) or [N,C] (probabilities)", [logits.type, target.type]);
  }
  return classes;
}
