import { describe, expect, it } from "vitest";
import { expandComposites } from "../../graph/lower.ts";
import { nodesOf } from "../../graph/value.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { noAugmentation } from "../../nn/augment/augmentation.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import type { Model } from "../../nn/inference-graph.ts";
import { adamw, sgd } from "./optimizer.ts";
import { buildTrainStep } from "./step.ts";

const model: Model = {
  network: createNetwork("cnn", { widths: [4], dropout: 0.25 }),
  size: { height: 8, width: 8, channels: 3 },
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
  labels: ["cat", "dog"],
};

const inputsOf = (step: ReturnType<typeof buildTrainStep>) =>
  Object.fromEntries(
    step.graph.inputs.map(({ producer, type }) => [producer.kind === "input" ? producer.name : "", type]),
  );

describe("the training step", () => {
  const step = buildTrainStep({
    model,
    batchSize: 6,
    optimizer: adamw(),
    augmentation: { ...noAugmentation, flip: true },
    classWeights: [1, 2],
  });
  const count = step.layout.parameterCount;

  it("takes raw pictures, one vector of parameters and a few scalars", () => {
    expect(inputsOf(step)).toEqual({
      pictures: { dtype: "uint8", shape: [6, 8, 8, 3] },
      targets: { dtype: "int32", shape: [6] },
      parameters: { dtype: "float32", shape: [count] },
      statistics: { dtype: "float32", shape: [16] },
      "optimizer.firstMoment": { dtype: "float32", shape: [count] },
      "optimizer.secondMoment": { dtype: "float32", shape: [count] },
      stepSize: { dtype: "float32", shape: [] },
      correctedEpsilon: { dtype: "float32", shape: [] },
      decay: { dtype: "float32", shape: [] },
      "dropout.mask": { dtype: "float32", shape: [6, 4] },
      augmentation: { dtype: "float32", shape: [6, numbersPerPicture(3)] },
    });
  });

  it("gives back every state vector with the type it came with, a loss and a count", () => {
    const { loss, correct, ...state } = step.graph.outputs;
    expect([loss!.type.shape, correct!.type.shape]).toEqual([[], []]);
    expect(Object.keys(state)).toEqual(step.stateNames.map((name) => `${name}.next`));
    for (const name of step.stateNames) expect(state[`${name}.next`]!.type).toEqual(inputsOf(step)[name]);
  });

  it("asks for nothing that it does not use", () => {
    const plain = buildTrainStep({
      model: { ...model, network: createNetwork("cnn", { widths: [4] }) },
      batchSize: 6,
      optimizer: sgd({ momentum: 0 }),
    });
    expect(Object.keys(inputsOf(plain))).toEqual(["pictures", "targets", "parameters", "learningRate", "statistics"]);
    expect([plain.masks, plain.augmentation]).toEqual([[], undefined]);
  });

  it("is standard ONNX once composite ops are expanded", () => {
    const domains = nodesOf(Object.values(expandComposites(step.graph).outputs)).map((node) => node.op.domain);
    expect(new Set(domains)).toEqual(new Set([""]));
  });
});
