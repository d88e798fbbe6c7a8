import { describe, expect, it } from "vitest";
import { evaluateReference } from "../reference-evaluation.ts";
import { toReference } from "../reference-tensor.ts";
import { float32, type TensorData } from "../tensor-type.ts";
import { graph, input, type Value } from "../value.ts";
import { correctCount, softmaxCrossEntropy } from "./loss.ts";

const rows = [
  [2, -1, 0.5],
  [0, 0.25, -3],
  [1, 1.5, 4],
  [-2, 0, 0.125],
];
const targets = [0, 2, 2, 1];
const logits = input("logits", "float32", [4, 3]);
const indices = input("targets", "int64", [4]);
const shares = input("targets", "float32", [4, 3]);
const indexTensor: TensorData = { dtype: "int64", shape: [4], data: BigInt64Array.from(targets, BigInt) };
const shareTensor = float32([4, 3], [1, 0, 0, 0, 0.25, 0.75, 0, 0, 1, 0.5, 0.5, 0]);

function run(y: Value, target: Value, tensor: TensorData): number {
  const feeds = { logits: toReference(float32([4, 3], rows.flat())), targets: toReference(tensor) };
  return evaluateReference(graph("loss", [logits, target], { y }), feeds).y!.data[0]!;
}

const logProbability = (row: readonly number[], at: number) =>
  row[at]! - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));

describe("softmax cross-entropy", () => {
  it("is the mean of -log probability of the targets", () => {
    const expected = -rows.reduce((sum, row, at) => sum + logProbability(row, targets[at]!), 0) / 4;
    expect(run(softmaxCrossEntropy(logits, indices), indices, indexTensor)).toBeCloseTo(expected, 12);
  });

  it("divides by the targets' weights, and spreads smoothed targets over all classes, as PyTorch does", () => {
    const classWeights = [1, 0.5, 3];
    const smoothing = 0.25;
    // PyTorch: (1 - s) nll + s / C smooth, each weighted and divided by the sum of the targets' own
    // weights.
    const total = targets.reduce((sum, target) => sum + classWeights[target]!, 0);
    const nll = -rows.reduce(
      (sum, row, at) => sum + classWeights[targets[at]!]! * logProbability(row, targets[at]!),
      0,
    );
    const smooth = -rows
      .flatMap((row) => classWeights.map((w, c) => w * logProbability(row, c)))
      .reduce((a, b) => a + b);
    const expected = ((1 - smoothing) * nll + (smoothing / 3) * smooth) / total;
    const loss = softmaxCrossEntropy(logits, indices, { labelSmoothing: smoothing, classWeights });
    // 7 digits: weights and smoothing are float32 constants of the graph.
    expect(run(loss, indices, indexTensor)).toBeCloseTo(expected, 7);
  });

  it("takes probabilities as targets, weighted but divided by the batch", () => {
    const classWeights = [1, 0.5, 3];
    const expected =
      -rows
        .flatMap((row, n) =>
          row.map((_, c) => Number(shareTensor.data[3 * n + c]) * classWeights[c]! * logProbability(row, c)),
        )
        .reduce((a, b) => a + b) / 4;
    expect(run(softmaxCrossEntropy(logits, shares, { classWeights }), shares, shareTensor)).toBeCloseTo(expected, 7);
  });
});

describe("the count of correct answers", () => {
  it("compares the greatest logit with the target, given as index or as probabilities", () => {
    // Greatest logits: 0, 1, 2, 2; targets 0, 2, 2, 1; greatest shares 0, 2, 2, 0.
    expect(run(correctCount(logits, indices), indices, indexTensor)).toBe(2);
    expect(run(correctCount(logits, shares), shares, shareTensor)).toBe(2);
  });
});
