import { describe, expect, it } from "vitest";
import { isAppError } from "../base/errors.ts";
import { graph, input } from "../graph/value.ts";
import { createReferenceExecutor } from "../runtime/reference.ts";
import { batchNorm, conv2d, dense, dropout } from "./layers.ts";
import { createScope, joinSlices, parameterSlicesOf, traceLayout } from "./scope.ts";

/** Answers every request with a graph input of that name. */
const open = {
  parameter: ({ name, shape }: { name: string; shape: readonly number[] }) => input(name, "float32", shape),
  statistic: ({ name, shape }: { name: string; shape: readonly number[] }) => input(name, "float32", shape),
};

function failureOf(build: () => unknown): string {
  try {
    build();
  } catch (error) {
    if (isAppError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("no error was thrown");
}

describe("layers", () => {
  it("ask for parameters under their own names, decay on weights only", () => {
    const x = input("x", "float32", [2, 3, 8, 8]);
    const layout = traceLayout((scope) => {
      const stem = batchNorm(scope, "norm", conv2d(scope, "stem", x, { filters: 4, bias: true }));
      expect(stem.type.shape).toEqual([2, 4, 8, 8]);
    });
    expect(layout.parameters.map(({ name, shape, decay }) => [name, shape, decay])).toEqual([
      ["stem.weight", [4, 3, 3, 3], true],
      ["stem.bias", [4], false],
      ["norm.scale", [4], false],
      ["norm.bias", [4], false],
    ]);
    expect(layout.statistics.map(({ name }) => name)).toEqual(["norm.mean", "norm.variance"]);
  });

  it("name themselves when their input does not fit", () => {
    const x = input("x", "float32", [2, 3]);
    const message = failureOf(() => conv2d(createScope("inference", open).within("stage1"), "stem", x, { filters: 4 }));
    expect(message).toMatch(/^GRAPH_SHAPE: Expected x with 4 axes .*for Conv; got/);
    expect(message).toContain("(layer 'stage1.stem')");
  });

  it("refuse to normalise a single value per channel in training", () => {
    const x = input("x", "float32", [1, 4, 1, 1]);
    expect(failureOf(() => batchNorm(createScope("training", open), "norm", x))).toBe(
      "GRAPH_SHAPE: Expected more than one value per channel for batch normalisation in training; got float32 [1,4,1,1] (layer 'norm')",
    );
  });

  it("hand the batch's variance to the running statistics with n / (n - 1)", () => {
    const scope = createScope("training", open);
    batchNorm(scope, "norm", input("x", "float32", [2, 3, 2, 2]));
    expect(scope.observations.map(({ name, correction }) => [name, correction])).toEqual([
      ["norm.mean", 1],
      ["norm.variance", 8 / 7],
    ]);
  });

  it("drop units by a fed mask in training, and none in inference", () => {
    const x = input("x", "float32", [2, 3]);
    const training = createScope("training", open);
    expect(dropout(training, "drop", x, 0.5)).not.toBe(x);
    expect(training.masks.map(({ name, shape, rate }) => [name, shape, rate])).toEqual([["drop.mask", [2, 3], 0.5]]);
    expect(dropout(createScope("inference", open), "drop", x, 0.5)).toBe(x);
    expect(dropout(training, "none", x, 0)).toBe(x);
  });

  it("compute x W^T + b in a dense layer", async () => {
    const x = input("x", "float32", [1, 2]);
    const parameters = input("parameters", "float32", [9]);
    const layout = traceLayout((scope) => dense(scope, "head", x, { units: 3 }));
    const slices = parameterSlicesOf(parameters, layout.parameters);
    const scope = createScope("inference", { ...open, parameter: ({ name }) => slices.get(name)! });
    const outputs = { y: dense(scope, "head", x, { units: 3 }), joined: joinSlices(slices, layout.parameters) };
    const program = await createReferenceExecutor().load(graph("dense", [x, parameters], outputs));
    const values = Float32Array.of(1, 2, 3, 4, 5, 6, 10, 20, 30);
    const { y, joined } = await program.run({
      x: { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, -1) },
      parameters: { dtype: "float32", shape: [9], data: values },
    });
    expect([...y!.data]).toEqual([9, 19, 29]);
    expect([...joined!.data]).toEqual([...values]);
  });
});
