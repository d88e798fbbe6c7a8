import { describe, expect, it } from "vitest";
import { type FlatFitOptions, fitOptions, plainPlan } from "../../../tests/fixtures/fit-options.ts";
import { patternPack } from "../../../tests/fixtures/pattern-pack.ts";
import { AppError } from "../../base/errors.ts";
import type { Progress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import { createNetwork } from "../../nn/architectures/table.ts";
import { noAugmentation } from "../../nn/augment/augmentation.ts";
import type { Executor } from "../../runtime/executor.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { createModel } from "../create-model.ts";
import { adamw, sgd, withAccumulation } from "../step/optimizer.ts";
import { buildTrainStep } from "../step/step.ts";
import { initialState } from "../step/step-runner.ts";
import { fit as fitModel } from "./fit.ts";
import { DivergenceError } from "./fit-errors.ts";
import type { EpochMetrics, Snapshot } from "./fit-options.ts";
import { stepOptionsOf } from "./fit-plan.ts";
import { constantSchedule } from "./schedule.ts";

const train = (options: FlatFitOptions) => fitModel(fitOptions(options));
const executor = createOnnxRuntimeExecutor({ threads: 2 });
const pack = patternPack();
const network = createNetwork("cnn", { widths: [4, 8], dropout: 0.2 });
const base: FlatFitOptions = {
  executor,
  model: await createModel(network, pack),
  pack,
  budget: { epochs: 3 },
  batchSize: 8,
  learningRate: 5e-3,
  augmentation: { ...noAugmentation, shiftPixels: 1, brightness: 0.1 },
  seed: 11,
};

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("fit", () => {
  it.each(["cnn", "resnet", "mobilenet"])("overfits one batch with %s to a loss below 0.01", async (architecture) => {
    const small = {
      cnn: { widths: [8, 16] },
      resnet: { widths: [8, 16], blocks: 1 },
      mobilenet: { stemWidth: 8, headWidth: 32, stages: [{ expansion: 2, width: 8, repeat: 2, stride: 2 }] },
    }[architecture];
    // Noise only: the network has to memorise the pictures.
    const noise = patternPack({ train: 8, val: 3, contrast: 0 });
    const { history } = await train({
      executor,
      model: await createModel(createNetwork(architecture, small), noise),
      pack: noise,
      budget: { epochs: 80 },
      batchSize: 8,
      learningRate: 0.02,
      optimizer: adamw({ weightDecay: 0 }),
      schedule: constantSchedule(),
      seed: 3,
    });
    expect(Math.min(...history.map(({ trainLoss }) => trainLoss))).toBeLessThan(0.01);
  });

  it("learns to tell the classes apart, and reports each epoch", async () => {
    const seen: EpochMetrics[] = [];
    const result = await train({
      ...base,
      budget: { epochs: 12 },
      onEpoch: ({ metrics }) => {
        seen.push(metrics);
      },
    });
    expect(result.end).toBe("finished");
    expect(result.history).toEqual(seen);
    expect(seen.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(Math.max(...seen.map(({ validationAccuracy }) => validationAccuracy))).toBe(1);
    expect(seen.at(-1)!.validationLoss).toBeLessThan(seen[0]!.validationLoss);
    expect(seen[0]!.imagesPerSecond).toBeGreaterThan(0);
  });

  it("gives the same weights, bit for bit, for the same seed, and others for another", async () => {
    const [first, second, other] = [await train(base), await train(base), await train({ ...base, seed: 12 })];
    expect(second.last).toEqual(first.last);
    expect(second.history.map(({ trainLoss }) => trainLoss)).toEqual(first.history.map(({ trainLoss }) => trainLoss));
    expect(other.last.parameters).not.toEqual(first.last.parameters);
  });

  it("resumes from a snapshot as if it had never stopped", async () => {
    // Checkpoints after every step; stages, averages and accumulation take part.
    const options: FlatFitOptions = {
      ...base,
      optimizer: withAccumulation(adamw(), 2),
      augmentation: { ...base.augmentation!, mixup: 0.4 },
      averageSteps: 5,
      stages: [
        { until: 0.3, fedSize: { height: 4, width: 4 } },
        { until: 0.6 },
        { until: 1, augmentation: noAugmentation },
      ],
    };
    const snapshots: Snapshot[] = [];
    const whole = await train({
      ...options,
      checkpointMs: 0,
      onCheckpoint: (snapshot) => {
        snapshots.push(snapshot);
      },
    });
    expect(snapshots.map(({ epoch, position, step }) => [epoch, position.batches, step])).toEqual([
      [0, 1, 1],
      [0, 2, 2],
      [1, 0, 3],
      [1, 1, 4],
      [1, 2, 5],
      [2, 0, 6],
      [2, 1, 7],
      [2, 2, 8],
      [3, 0, 9],
    ]);
    for (const resume of snapshots) {
      const resumed = await train({ ...options, resume });
      expect(resumed.last).toEqual(whole.last);
      expect(resumed.best).toEqual(whole.best);
      const figures = ({ trainLoss, trainAccuracy, validationLoss }: EpochMetrics) => [
        trainLoss,
        trainAccuracy,
        validationLoss,
      ];
      expect(resumed.history.map(figures)).toEqual(whole.history.map(figures));
    }
  });

  it("resumes after an interruption in a validation with the same figures", async () => {
    const whole = await train(base);
    const controller = new AbortController();
    let batches = 0;
    let resume: Snapshot | undefined;
    const bar = { advance: () => ++batches === 6 && controller.abort(), done: () => undefined, fail: () => undefined };
    const cut = await train({
      ...base,
      signal: controller.signal,
      progress: { start: () => bar },
      onCheckpoint: (snapshot) => {
        resume = snapshot;
      },
    });
    expect([cut.end, resume?.position.batches]).toEqual(["interrupted", 3]);
    const resumed = await train({ ...base, resume: resume! });
    const rates = ({ history }: typeof whole) => history.map(({ learningRate }) => learningRate);
    expect(rates(resumed)).toEqual(rates(whole));
    expect(resumed.last).toEqual(whole.last);
  });

  it("resumes with more epochs after an early stop, with its whole patience", async () => {
    const still = { ...base, learningRate: 1e-30, optimizer: sgd(), schedule: constantSchedule() };
    let last: Snapshot | undefined;
    const frozen: FlatFitOptions = {
      ...still,
      augmentation: noAugmentation,
      budget: { epochs: 40 },
      patience: 3,
      onCheckpoint: (snapshot) => {
        last = snapshot;
      },
    };
    const first = await train(frozen);
    const second = await train({ ...frozen, budget: { epochs: 50 }, resume: last! });
    expect([first.end, second.end]).toEqual(["stopped-early", "stopped-early"]);
    expect(second.history.length).toBeGreaterThanOrEqual(first.history.length + 3);
  });

  it("averages weights over `averageSteps`, and validates the averages", async () => {
    let state: Snapshot["state"] = {};
    const options: FlatFitOptions = {
      ...base,
      budget: { epochs: 1 },
      averageSteps: 2,
      onCheckpoint: (snapshot) => {
        state = snapshot.state;
      },
    };
    const states: Float32Array[] = [];
    const { last } = await train({
      ...options,
      checkpointMs: 0,
      onCheckpoint: (snapshot) => {
        state = snapshot.state;
        states.push(snapshot.state.parameters!);
      },
    });
    expect(last.parameters).toEqual(state["average.parameters"]);
    expect(last.parameters).not.toEqual(state.parameters);
    // Three steps from the first weights w0; young averages move by 9 / (10 + step).
    const first = initialState(
      buildTrainStep(stepOptionsOf(base.model, fitOptions(base).plan)),
      adamw(),
      createRandom(11).split("weights"),
    ).parameters!;
    let expected = Float64Array.from(first);
    states.forEach((weights, step) => {
      const share = Math.fround(9 / (10 + step));
      expected = expected.map((value, at) => value + share * (weights[at]! - value));
    });
    last.parameters.forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at]!, 5);
    });
  });

  it("fits its schedule to a time budget, and ends with it", async () => {
    let now = 0;
    const rates: number[] = [];
    const result = await train({
      ...base,
      budget: { timeMs: 1000 },
      schedule: (step, total) => 1 - step / total,
      nowMs: () => {
        now += 5;
        return now;
      },
      onEpoch: ({ metrics }) => {
        rates.push(metrics.learningRate);
      },
    });
    expect(result.end).toBe("finished");
    expect(result.history.length).toBeGreaterThan(3);
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
    expect(rates.at(-1)!).toBeLessThan(0.05 * plainPlan.learningRate);
    expect(now).toBeGreaterThan(900);
    expect(now).toBeLessThan(1200);
  });

  it("keeps the weights of the best epoch beside the last ones", async () => {
    const weights = new Map<number, Float32Array>();
    const result = await train({
      ...base,
      budget: { epochs: 6 },
      onCheckpoint: ({ epoch, state }) => {
        weights.set(epoch, state.parameters!);
      },
    });
    const accuracies = result.history.map(({ validationAccuracy }) => validationAccuracy);
    expect(result.history[result.bestEpoch - 1]!.validationAccuracy).toBe(Math.max(...accuracies));
    expect(result.best.parameters).toEqual(weights.get(result.bestEpoch));
    expect(result.last.parameters).toEqual(weights.get(6));
  });

  it("stops after `patience` epochs without a better validation", async () => {
    // A rate too small to move any weight: the first epoch's accuracy and loss are never bettered
    // by more than chance.
    const still = { ...base, learningRate: 1e-30, optimizer: sgd(), schedule: constantSchedule() };
    const frozen = { ...still, augmentation: noAugmentation, budget: { epochs: 40 }, patience: 3 };
    const result = await train(frozen);
    expect(result.end).toBe("stopped-early");
    expect(result.history.length).toBe(result.bestEpoch + 3);
    expect(result.history.length).toBeLessThan(40);
  });

  it("is as patient after an interruption as without one", async () => {
    const still = { ...base, learningRate: 1e-30, optimizer: sgd(), schedule: constantSchedule() };
    const snapshots: Snapshot[] = [];
    const frozen: FlatFitOptions = {
      ...still,
      augmentation: noAugmentation,
      budget: { epochs: 40 },
      patience: 3,
      onCheckpoint: (snapshot) => {
        snapshots.push(snapshot);
      },
    };
    const whole = await train(frozen);
    const resumed = await train({ ...frozen, resume: snapshots.at(-2)! });
    expect([resumed.end, resumed.history.length]).toEqual(["stopped-early", whole.history.length]);
  });

  it("ends with TRAIN_DIVERGED and the last good weights when the loss is not finite", async () => {
    const kept: Float32Array[] = [];
    const error = await failureOf(
      train({
        ...base,
        optimizer: sgd({ momentum: 0 }),
        schedule: (step) => (step < 3 ? 1 : 1e38), // harmless for the first epoch of three steps
        learningRate: 0.01,
        onCheckpoint: ({ state }) => {
          kept.push(state.parameters!);
        },
      }),
    );
    if (!(error instanceof DivergenceError)) throw error;
    expect(error.code).toBe("TRAIN_DIVERGED");
    expect(error.message).toMatch(
      /^Expected a finite loss; got (NaN|-?Infinity) \(epoch 2, step [456], learning rate 1\.00e\+36\)$/,
    );
    expect(error.hint).toBe("try a `learningRate` of 1e+35, or a `clipNorm` of 1, and `force`");
    expect(error.result.end).toBe("diverged");
    expect(error.result.last.parameters).toEqual(kept[0]);
    expect(error.result.best.parameters.every(Number.isFinite)).toBe(true);
  });

  it("ends cleanly when it is interrupted, with the weights of that moment", async () => {
    const controller = new AbortController();
    const bars: string[] = [];
    const progress: Progress = {
      start: ({ label }) => ({
        advance: () => {
          if (label === "epoch 2/3") controller.abort();
        },
        done: () => bars.push(`${label} done`),
        fail: (info) => bars.push(`${label} ${info}`),
      }),
    };
    const result = await train({ ...base, signal: controller.signal, progress });
    expect(result.end).toBe("interrupted");
    expect(result.history.length).toBe(1);
    expect(bars).toEqual(["epoch 1/3 done", "epoch 2/3 interrupted"]);
    expect(result.last.parameters).not.toEqual(result.best.parameters);
    expect(result.bestEpoch).toBe(1);
  });

  it("gives the starting weights when it is interrupted before the first step", async () => {
    const result = await train({ ...base, signal: AbortSignal.abort() });
    expect([result.end, result.bestEpoch, result.history.length]).toEqual(["interrupted", 0, 0]);
    expect(result.best).toEqual(result.last);
  });

  it.each<[string, Partial<FlatFitOptions>, string, string]>([
    ["a batch larger than the set", { batchSize: 25 }, "CONFIG_INVALID", "at most the 24 training pictures; got 25"],
    [
      "no epochs",
      { budget: { epochs: 0 } },
      "CONFIG_INVALID",
      "Expected a whole number of at least 1 for epochs; got 0",
    ],
    [
      "a learning rate of NaN",
      { learningRate: Number.NaN },
      "CONFIG_INVALID",
      "Expected a learning rate above 0; got NaN",
    ],
    [
      "a broken patience",
      { patience: 0.5 },
      "CONFIG_INVALID",
      "Expected a whole number of at least 1 for patience; got 0.5",
    ],
    ["no val split", { pack: patternPack({ val: 0 }) }, "CONFIG_INVALID", "Expected a val split with pictures; got 0"],
    [
      "pictures of another size",
      { pack: patternPack({ side: 9 }) },
      "CHECKPOINT_INVALID",
      "Expected a model for the dataset's pictures: 9x9x1, 3 labels (flat, lying, standing); got 8x8x1, 3 labels",
    ],
    ["other labels", { pack: { ...pack, labels: ["a", "b", "c"] } }, "CHECKPOINT_INVALID", "3 labels (a, b, c); got"],
  ])("refuses %s", async (_, options, code, message) => {
    const error = await failureOf(train({ ...base, ...options }));
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(message);
  });

  it("says which batch would fit where memory is short", async () => {
    const short: Executor = {
      name: "short of memory",
      runs: "serial",
      async load(graph) {
        const program = await executor.load(graph);
        if (!graph.name.startsWith("train")) return program;
        const failure = { required: "the engine runs", received: "Failed to allocate memory for requested buffer" };
        return {
          ...program,
          close: () => program.close(),
          run: () => Promise.reject(new AppError("EXECUTION_FAILED", failure)),
        };
      },
    };
    await expect(train({ ...base, executor: short })).rejects.toMatchObject({
      code: "TRAIN_OUT_OF_MEMORY",
      hint: "a `batchSize` of 4 should fit; `accumulate` 2 keeps the larger batch's effect",
    });
  });

  it("refuses a snapshot of another optimizer", async () => {
    let snapshot: Snapshot | undefined;
    await train({
      ...base,
      budget: { epochs: 1 },
      onCheckpoint: (taken) => {
        snapshot = taken;
      },
    });
    const error = await failureOf(train({ ...base, optimizer: sgd(), resume: snapshot! }));
    expect(error).toMatchObject({ code: "CHECKPOINT_INVALID" });
    expect(String(error)).toContain("'optimizer.velocity' with");
  });
});
