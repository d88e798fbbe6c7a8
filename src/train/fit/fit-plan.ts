/** The settings of a training, all of them resolved: no function below `fit` fills in a default. */
import type { Seed } from "../../base/random.ts";
import type { Augmentation } from "../../nn/augment/augmentation.ts";
import type { Model } from "../../nn/inference-graph.ts";
import type { PictureSize } from "../../nn/picture-tensor.ts";
import type { Optimizer } from "../step/optimizer.ts";
import type { TrainStepOptions } from "../step/step.ts";
import type { Schedule } from "./schedule.ts";

/** How long a training lasts, validation included. The learning-rate schedule ends with it. */
export type TrainingBudget = { readonly epochs: number } | { readonly timeMs: number };

export interface FitPlan {
  readonly budget: TrainingBudget;
  readonly batchSize: number;
  /** The peak of the schedule. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly optimizer: Optimizer;
  readonly augmentation: Augmentation;
  /** Share of each target that is spread over all classes, 0 to 1. */
  readonly labelSmoothing: number;
  /** One factor per label. */
  readonly classWeights: readonly number[] | undefined;
  /** In their order, at least one; the last one ends at 1. */
  readonly stages: readonly Stage[];
  /** Steps over which weights are averaged; the averages are then validated and kept. 0: none. */
  readonly averageSteps: number;
  /**
   * What makes an epoch the best: its accuracy on the validation split, the lower loss among equals, or where few pictures
   * validate its loss alone, which tells more of each. By accuracy unless given.
   */
  readonly bestBy?: "accuracy" | "loss";
  /** Epochs without a better validation before training stops early; undefined: never. */
  readonly patience: number | undefined;
  /**
   * Decides weights, order, augmentation and dropout: the same seed and threads give the same
   * weights, bit for bit.
   */
  readonly seed: Seed;
  /** Time between checkpoints within an epoch; infinite for checkpoints after epochs alone. */
  readonly checkpointMs: number;
}

/** A part of a training with its own step graph. */
export interface Stage {
  /**
   * Its end, as a share of the whole training. Stages change between epochs, and the last epoch is
   * always of the last stage.
   */
  readonly until: number;
  /** Height and width of the pictures that are fed; the model's unless given. */
  readonly fedSize?: Pick<PictureSize, "height" | "width">;
  /** In place of the plan's. */
  readonly augmentation?: Augmentation;
}

/** The whole training as one stage. */
export const wholeTraining: Stage = { until: 1 };

/** What the step graph of a stage is built from. */
export function stepOptionsOf(model: Model, plan: FitPlan, stage: Stage = wholeTraining): TrainStepOptions {
  const { batchSize, optimizer, labelSmoothing, classWeights } = plan;
  return {
    model,
    batchSize,
    optimizer,
    labelSmoothing,
    augmentation: stage.augmentation ?? plan.augmentation,
    averages: plan.averageSteps > 0,
    ...(classWeights && { classWeights }),
    ...(stage.fedSize && { fedSize: stage.fedSize }),
  };
}

/** `epoch 3/10`; `epoch 3` where the budget is a time. */
export function epochLabel(epoch: number, budget: TrainingBudget): string {
  return "epochs" in budget ? `epoch ${epoch}/${Math.max(epoch, budget.epochs)}` : `epoch ${epoch}`;
}
