/** The learning-rate range test: a short training whose learning rate grows until it diverges. */
import type { ProgressHandle } from "../../base/progress.ts";
import { createRandom, type Random } from "../../base/random.ts";
import { buildTrainStep } from "../step/step.ts";
import { initialState, StepRunner } from "../step/step-runner.ts";
import { startOfEpoch, trainEpoch } from "./epoch.ts";
import { adviseRate, createMean, type RateAdvice, type RatePoint, weightOfNewest } from "./find-rate-rules.ts";
import { checkFit } from "./fit-errors.ts";
import type { FitOptions } from "./fit-options.ts";
import { type FitPlan, stepOptionsOf } from "./fit-plan.ts";

export interface FoundRate {
  readonly points: readonly RatePoint[];
  /** Undefined where the loss does not clearly fall at any rate. */
  readonly advice: RateAdvice | undefined;
}

/** Budget, learning rate, schedule, stages and averages of the plan are not used. */
export interface FindRateOptions
  extends Pick<FitOptions, "executor" | "model" | "pack" | "plan" | "signal" | "progress"> {
  /** Short trainings whose losses are averaged, each from other weights and in another order. */
  readonly runs: number;
  /** Steps of each run at most. */
  readonly steps: number;
  /** The first rate. */
  readonly from: number;
  /** The rate that the last step would have. */
  readonly to: number;
}

/** A run ends where its smoothed loss is this many times the lowest. */
const divergenceFactor = 4;

/**
 * Errors: CONFIG_INVALID as `fit`, EXECUTION_FAILED. An interruption or a loss that is not finite
 * ends a run with what was measured until then, and the shortest run decides how many points there
 * are. Source: Smith, Cyclical Learning Rates for Training Neural Networks, WACV 2017.
 */
export async function findRate(options: FindRateOptions): Promise<FoundRate> {
  const { model, pack, runs, steps, from, to, signal } = options;
  const plan: FitPlan = { ...options.plan, budget: { epochs: 1 }, learningRate: from, averageSteps: 0 };
  checkFit({ model, pack, plan });
  const rates = Array.from({ length: steps }, (_, at) => from * (to / from) ** (at / (steps - 1)));
  const random = createRandom(plan.seed);
  const total = runs * steps * plan.batchSize;
  const bar = options.progress.start({ label: "learning rates", total, unit: "images" });
  const losses: (readonly number[])[] = [];
  try {
    for (let run = 0; run < runs && (run === 0 || !signal?.aborted); run++) {
      losses.push(await lossesOf({ ...options, plan, rates, random: random.split(run), bar }));
    }
    bar.done();
  } catch (error) {
    bar.fail();
    throw error;
  }
  const meanOf = createMean(weightOfNewest(rates[1]! / rates[0]!));
  const count = Math.min(...losses.map(({ length }) => length));
  const points = rates.slice(0, count).map((learningRate, at) => {
    const loss = losses.reduce((sum, run) => sum + run[at]!, 0) / losses.length;
    return { learningRate, loss, smoothedLoss: meanOf(loss) };
  });
  return { points, advice: adviseRate(points) };
}

interface RunOptions extends Pick<FindRateOptions, "executor" | "model" | "pack" | "plan" | "signal"> {
  readonly rates: readonly number[];
  readonly random: Random;
  readonly bar: ProgressHandle;
}

/** The loss of each step of one run. */
async function lossesOf(options: RunOptions): Promise<readonly number[]> {
  const { executor, model, pack, plan, rates, random, bar, signal } = options;
  const { batchSize, optimizer } = plan;
  const step = buildTrainStep(stepOptionsOf(model, plan));
  const state = initialState(step, optimizer, random.split("weights"));
  const runner = await StepRunner.start(executor, step, optimizer, state);
  const meanOf = createMean(weightOfNewest(rates[1]! / rates[0]!));
  const losses: number[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  try {
    for (let epoch = 1, isOver = false; losses.length < rates.length && !isOver; epoch++) {
      let lossBefore = 0;
      const { end } = await trainEpoch({
        runner,
        step,
        pack,
        batchSize,
        random: random.split("epoch").split(epoch),
        from: startOfEpoch,
        stepsBefore: losses.length,
        learningRateAt: (at) => rates[at]!,
        averageShareAt: () => 0,
        async afterStep({ lossSum }) {
          const loss = lossSum - lossBefore;
          lossBefore = lossSum;
          losses.push(loss);
          const smoothed = meanOf(loss);
          lowest = Math.min(lowest, smoothed);
          return losses.length >= rates.length || smoothed > divergenceFactor * lowest;
        },
        progress: bar,
        signal,
      });
      isOver = end !== "complete";
    }
    return losses;
  } finally {
    await runner.close();
  }
}
