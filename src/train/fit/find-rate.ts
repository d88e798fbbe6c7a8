/** The learning-rate range test: a short training whose learning rate grows until it diverges. */
import { createRandom } from "../../base/random.ts";
import { buildTrainStep } from "../step/step.ts";
import { initialState, StepRunner } from "../step/step-runner.ts";
import { startOfEpoch, trainEpoch } from "./epoch.ts";
import { checkFit } from "./fit-errors.ts";
import type { FitOptions } from "./fit-options.ts";
import { type FitPlan, stepOptionsOf } from "./fit-plan.ts";

export interface RatePoint {
  readonly learningRate: number;
  /** Of one batch, before its update. */
  readonly loss: number;
  /** The bias-corrected exponential mean of the losses so far. */
  readonly smoothedLoss: number;
}

export interface FoundRate {
  readonly points: readonly RatePoint[];
  /**
   * Where the smoothed loss falls fastest, a good peak for a schedule; undefined if it never falls.
   */
  readonly suggestion: number | undefined;
}

/** Budget, learning rate, schedule, stages and averages of the plan are not used. */
export interface FindRateOptions
  extends Pick<FitOptions, "executor" | "model" | "pack" | "plan" | "signal" | "progress"> {
  /** Steps at most. */
  readonly steps: number;
  /** The first rate. */
  readonly from: number;
  /** The rate that the last step would have. */
  readonly to: number;
}

/** The weight of each loss in the mean. */
const weightOfNewest = 0.1;
/** The test ends where the smoothed loss is this many times the lowest. */
const divergenceFactor = 4;

/**
 * Errors: CONFIG_INVALID as `fit`, EXECUTION_FAILED. An interruption or a loss that is not
 * finite ends it with what was measured until then.
 * Source: Smith, Cyclical Learning Rates for Training Neural Networks, WACV 2017; smoothing and the
 * steepest point as in fast.ai's lr_find.
 */
export async function findRate(options: FindRateOptions): Promise<FoundRate> {
  const { executor, model, pack, steps, from, to } = options;
  const plan: FitPlan = { ...options.plan, budget: { epochs: 1 }, learningRate: from, averageSteps: 0 };
  const { batchSize, optimizer } = plan;
  checkFit({ model, pack, plan });
  const random = createRandom(plan.seed);
  const step = buildTrainStep(stepOptionsOf(model, plan));
  const state = initialState(step, optimizer, random.split("weights"));
  const runner = await StepRunner.start(executor, step, optimizer, state);
  const points: RatePoint[] = [];
  const bar = options.progress.start({ label: "learning rates", total: steps * batchSize, unit: "images" });
  const rateAt = (at: number): number => from * (to / from) ** (at / (steps - 1));
  let mean = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let lossBefore = 0;
  try {
    for (let epoch = 1, isOver = false; points.length < steps && !isOver; epoch++) {
      const stepsBefore = points.length;
      lossBefore = 0;
      const { end } = await trainEpoch({
        runner,
        step,
        pack,
        batchSize,
        random: random.split("epoch").split(epoch),
        from: startOfEpoch,
        stepsBefore,
        learningRateAt: rateAt,
        averageShareAt: () => 0,
        async afterStep({ lossSum }) {
          const loss = lossSum - lossBefore;
          lossBefore = lossSum;
          mean += weightOfNewest * (loss - mean);
          const smoothedLoss = mean / (1 - (1 - weightOfNewest) ** (points.length + 1));
          points.push({ learningRate: rateAt(points.length), loss, smoothedLoss });
          lowest = Math.min(lowest, smoothedLoss);
          return points.length >= steps || smoothedLoss > divergenceFactor * lowest;
        },
        progress: bar,
        signal: options.signal,
      });
      isOver = end !== "complete";
    }
    bar.done();
  } catch (error) {
    bar.fail();
    throw error;
  } finally {
    await runner.close();
  }
  return { points, suggestion: steepest(points) };
}

/** The rate at which the smoothed loss falls fastest over the logarithm of the rate. */
export function steepest(points: readonly RatePoint[]): number | undefined {
  const lowest = points.reduce(
    (best, { smoothedLoss }, at) => (smoothedLoss < points[best]!.smoothedLoss ? at : best),
    0,
  );
  let found: number | undefined;
  let slope = 0;
  // The first few means are noisy.
  for (let at = Math.min(5, lowest); at < lowest; at++) {
    const [before, after] = [points[at - 1] ?? points[at]!, points[at + 1]!];
    const fall = (after.smoothedLoss - before.smoothedLoss) / Math.log(after.learningRate / before.learningRate);
    if (fall >= slope) continue;
    slope = fall;
    found = points[at]!.learningRate;
  }
  return found;
}
