/** Optimizer, learning rate and schedule. */
import { constantSchedule, cosineWithWarmup, oneCycle, type Schedule } from "../fit/schedule.ts";
import { adam, adamw, type Optimizer, sgd, withAccumulation, withClipping } from "../step/optimizer.ts";
import type { Choices } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";

export interface OptimizerPlan {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly scheduleName: keyof typeof schedules;
}

const schedules = { "one-cycle": oneCycle, cosine: cosineWithWarmup, constant: constantSchedule } as const;

export function planOptimizer(settings: TrainSettings, choices: Choices): OptimizerPlan {
  const { accumulate, optimizer: name = "adamw", schedule: scheduleName = "one-cycle" } = settings;
  const learningRate = settings.learningRate ?? (name === "sgd" ? 0.1 : 0.003);
  if (accumulate !== undefined) choices.add("accumulate", accumulate, "");
  choices.add("optimizer", name, "needs the least tuning");
  choices.add("learningRate", learningRate, `usual for ${name}`);
  choices.add("schedule", scheduleName, "the best result in few epochs");
  return {
    optimizer: createOptimizer(name, settings),
    learningRate,
    schedule: schedules[scheduleName](),
    scheduleName,
  };
}

function createOptimizer(
  name: "adamw" | "adam" | "sgd",
  { weightDecay, clipNorm, accumulate = 1 }: TrainSettings,
): Optimizer {
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const make = {
    adamw: () => adamw({ weightDecay: 0.05, ...decay }),
    adam: () => adam(),
    sgd: () => sgd({ weightDecay: 5e-4, ...decay }),
  };
  const optimizer = make[name]();
  const clipped = clipNorm === undefined ? optimizer : withClipping(optimizer, clipNorm);
  return accumulate > 1 ? withAccumulation(clipped, accumulate) : clipped;
}
