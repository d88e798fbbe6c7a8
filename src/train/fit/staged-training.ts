/** The training step of the stage under way, and the state that moves on from stage to stage. */
import type { Random } from "../../base/random.ts";
import { noAugmentation } from "../../nn/augment/augmentation.ts";
import { adamw } from "../step/optimizer.ts";
import { buildTrainStep, type TrainStep } from "../step/step.ts";
import { initialState, type StateVectors, StepRunner } from "../step/step-runner.ts";
import type { FitOptions, Stage } from "./fit-options.ts";

/** One step is compiled at a time: entering another stage closes the one before. */
export class StagedTraining {
  readonly #options: FitOptions;
  #stage: Stage | undefined;
  #step: TrainStep;
  #runner: StepRunner | undefined;
  #state: StateVectors;

  private constructor(options: FitOptions, step: TrainStep, state: StateVectors) {
    this.#options = options;
    this.#step = step;
    this.#state = state;
  }

  static async start(options: FitOptions, random: Random): Promise<StagedTraining> {
    const step = buildStageStep(options, undefined);
    const { optimizer = adamw(), resume } = options;
    const state = resume?.state ?? initialState(step, optimizer, random.split("weights"));
    return new StagedTraining(options, step, state);
  }

  async enter(stage: Stage): Promise<{ readonly step: TrainStep; readonly runner: StepRunner }> {
    if (this.#runner && this.#stage === stage) return { step: this.#step, runner: this.#runner };
    const { executor, optimizer = adamw() } = this.#options;
    this.#state = this.state();
    await this.#runner?.close();
    this.#runner = undefined;
    this.#step = buildStageStep(this.#options, stage);
    this.#runner = await StepRunner.start(executor, this.#step, optimizer, this.#state);
    this.#stage = stage;
    return { step: this.#step, runner: this.#runner };
  }

  /** The vectors are the runner's own: copy what is to be kept. */
  state(): StateVectors {
    return this.#runner?.state() ?? this.#state;
  }

  async close(): Promise<void> {
    await this.#runner?.close();
  }
}

function buildStageStep(options: FitOptions, stage: Stage | undefined): TrainStep {
  const { optimizer = adamw(), augmentation = noAugmentation, averageSteps = 0 } = options;
  return buildTrainStep({
    ...options,
    optimizer,
    augmentation: stage?.augmentation ?? augmentation,
    averages: averageSteps > 0,
    ...(stage?.fedSize && { fedSize: stage.fedSize }),
  });
}
