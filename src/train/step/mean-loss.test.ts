import { describe, expect, it } from "vitest";
import { centralDifferences, type Feeds } from "../../../tests/support/op-samples.ts";
import { createRandom } from "../../base/random.ts";
import { evaluateReference } from "../../graph/reference-evaluation.ts";
import { filled } from "../../graph/reference-tensor.ts";
import { constant, graph } from "../../graph/value.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { noAugmentation } from "../../nn/augment/augmentation.ts";
import { drawAugmentation, mixingOf } from "../../nn/augment/draw.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import { initialParameters, initialStatistics } from "../../nn/parameter-layout.ts";
import { meanLoss } from "./mean-loss.ts";
import { sgd } from "./optimizer.ts";
import { buildTrainStep } from "./step.ts";

const logits = [
  [2, -1, 0.5],
  [0, 1, 3],
];
/** Share of class and class: 0.7 of class 0 and 0.3 of class 2; then all of class 1. */
const parts = [
  [
    [0.7, 0],
    [0.3, 2],
  ],
  [[1, 1]],
] as const;
const shares = [0.7, 0, 0.3, 0, 1, 0];

function lossOf(options: Parameters<typeof meanLoss>[2]): number {
  const rows = constant({ dtype: "float32", shape: [2, 3], data: Float32Array.from(logits.flat()) });
  const targets = constant({ dtype: "float32", shape: [2, 3], data: Float32Array.from(shares) });
  return evaluateReference(graph("loss", [], { loss: meanLoss(rows, targets, options) }), {}).loss!.data[0]!;
}

const logSoftmax = (row: readonly number[], at: number) =>
  row[at]! - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));

describe("the loss of mixed targets", () => {
  it("is each target's cross-entropy by its share", () => {
    const first = -0.7 * logSoftmax(logits[0]!, 0) - 0.3 * logSoftmax(logits[0]!, 2);
    // By hand: log(e^2 + e^-1 + e^0.5) = 2.2413, log(1 + e + e^3) = 3.1698.
    expect(first).toBeCloseTo(0.7 * 0.2413 + 0.3 * 1.7413, 3);
    expect(lossOf({})).toBeCloseTo((first + 2.1698) / 2, 4);
  });

  it("spreads and weighs each target as if it stood alone, and divides by the weights of the shares", () => {
    const [smoothing, weights] = [0.1, [1, 2, 5]];
    const alone = (row: readonly number[], target: number) =>
      -weights.reduce((sum, weight, at) => {
        const wanted = (at === target ? 1 - smoothing : 0) + smoothing / 3;
        return sum + weight * wanted * logSoftmax(row, at);
      }, 0);
    let [sum, total] = [0, 0];
    for (const [row, targets] of parts.entries()) {
      for (const [share, target] of targets) {
        sum += share * alone(logits[row]!, target);
        total += share * weights[target]!;
      }
    }
    // Shares, weights and smoothing are float32 constants of the graph.
    expect(lossOf({ labelSmoothing: smoothing, classWeights: weights })).toBeCloseTo(sum / total, 6);
  });
});

describe("a step on mixed pictures", () => {
  const [batchSize, side] = [4, 8];
  const augmentation = { ...noAugmentation, mixup: 1, cutmix: 1 };
  const model = {
    network: createNetwork("cnn", { widths: [2] }),
    size: { height: side, width: side, channels: 1 },
    normalization: { mean: [0.5], std: [0.25] },
    labels: ["a", "b", "c"],
  };
  const step = buildTrainStep({
    model,
    batchSize,
    optimizer: sgd({ momentum: 0 }),
    augmentation,
    labelSmoothing: 0.1,
    classWeights: [1, 2, 3],
  });
  const random = createRandom("mixed");
  const numbers = new Float32Array(batchSize * numbersPerPicture(1));
  drawAugmentation(random.split("numbers"), step.augmentation!, numbers);
  const vector = (data: ArrayLike<number>) => ({ ...filled([data.length]), data: Float64Array.from(data) });
  const pixels = Float64Array.from({ length: batchSize * side * side }, () => random.integer(256));
  const feeds: Feeds = {
    pictures: { dtype: "uint8", shape: [batchSize, side, side, 1], data: pixels },
    targets: { dtype: "int32", shape: [batchSize], data: Float64Array.of(0, 1, 2, 1) },
    augmentation: { ...filled([batchSize, numbersPerPicture(1)]), data: Float64Array.from(numbers) },
    parameters: vector(initialParameters(step.layout, random.split("weights"))),
    statistics: vector(initialStatistics(step.layout)),
    learningRate: filled([], 1),
  };

  it("goes down the gradient that finite differences find", () => {
    expect(mixingOf(numbers, 1).some(({ share }) => share > 0 && share < 1)).toBe(true);
    const next = evaluateReference(step.graph, feeds)["parameters.next"]!.data;
    const gradient = feeds.parameters!.data.map((value, at) => value - next[at]!);
    const loss = graph("loss", step.graph.inputs, { loss: step.graph.outputs.loss! });
    const numeric = centralDifferences(
      (changed) => evaluateReference(loss, changed).loss!.data[0]!,
      feeds,
      "parameters",
      1e-6,
    );
    for (const [at, value] of numeric.entries()) expect(gradient[at]).toBeCloseTo(value, 6);
  });

  it("counts an answer as right that names the class with the larger share", () => {
    const swapped = Float64Array.from(feeds.augmentation!.data);
    const width = numbersPerPicture(1);
    const blend = (share: number) => {
      for (let row = 0; row < batchSize; row++)
        swapped.set([(row + 1) % batchSize, share, 1, 0, 0, 0, 0], row * width + width - 7);
      const changed = { ...feeds, augmentation: { ...feeds.augmentation!, data: swapped } };
      return evaluateReference(step.graph, changed).correct!.data[0]!;
    };
    const withTargets = (targets: readonly number[]) => {
      const plain = buildTrainStep({ model, batchSize, optimizer: sgd({ momentum: 0 }) });
      const { augmentation: _, ...rest } = feeds;
      return evaluateReference(plain.graph, {
        ...rest,
        targets: { ...feeds.targets!, data: Float64Array.from(targets) },
      }).correct!.data[0]!;
    };
    expect(blend(0.6)).toBe(withTargets([0, 1, 2, 1]));
    expect(blend(0.4)).toBe(withTargets([1, 2, 1, 0]));
  });
});
