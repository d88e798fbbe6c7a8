/** The learning-rate range test: a short training whose learning rate grows until it diverges. */
import { createRandom } from "../../base/random.ts";
import { buildTrainStep } from "../step/step.ts";
import { initialState, StepRunner } from "../step/step-runner.ts";
import { startOfEpoch, trainEpoch } from "./epoch.ts";
import { adviseRate, type RateAdvice, type RatePoint, weightOfNewest } from "./find-rate-rules.ts";
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
  /** Steps at most. */
  readonly steps: number;
  /** The first rate. */
  readonly from: number;
  /** The rate that the last step would have. */
  readonly to: number;
}

/** The test ends where the smoothed loss is this many times the lowest. */
const divergenceFactor = 4;

/**
 * Errors: CONFIG_INVALID as `fit`, EXECUTION_FAILED. An interruption or a loss that is not
 * finite ends it with what was measured until then.
 * Source: Smith, Cyclical Learning Rates for Training Neural Networks, WACV 2017.
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
  const weight = weightOfNewest(rateAt(1) / rateAt(0));
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
          mean += weight * (loss - mean);
          const smoothedLoss = mean / (1 - (1 - weight) ** (points.length + 1));
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
  return { points, advice: adviseRate(points) };
}
