/** The training step of the stage under way, and the state that is carried from stage to stage. */
import { createRandom } from "../../base/random.ts";
import { layoutOf, type Weights } from "../../nn/inference-graph.ts";
import { averageName, buildTrainStep, type TrainStep } from "../step/step.ts";
import { initialState, type StateVectors, StepRunner } from "../step/step-runner.ts";
import type { FitOptions } from "./fit-options.ts";
import { type Stage, stepOptionsOf } from "./fit-plan.ts";

interface CompiledStage {
  readonly stage: Stage;
  readonly step: TrainStep;
  readonly runner: StepRunner;
}

/** One step is compiled at a time: entering another stage closes the one before. */
export class StagedTraining {
  readonly #options: FitOptions;
  #state: StateVectors;
  #current: CompiledStage | undefined;

  constructor(options: FitOptions) {
    const { model, plan, resume } = options;
    const random = createRandom(plan.seed).split("weights");
    this.#options = options;
    this.#state =
      resume?.state ??
      initialState({ layout: layoutOf(model), averages: plan.averageSteps > 0 }, plan.optimizer, random);
  }

  async enter(stage: Stage): Promise<CompiledStage> {
    if (this.#current?.stage === stage) return this.#current;
    const { executor, model, plan } = this.#options;
    await this.close();
    const step = buildTrainStep(stepOptionsOf(model, plan, stage));
    const runner = await StepRunner.start(executor, step, plan.optimizer, this.#state);
    this.#current = { stage, step, runner };
    return this.#current;
  }

  /** A copy of all vectors. */
  copyState(): StateVectors {
    return Object.fromEntries(Object.entries(this.#vectors()).map(([name, vector]) => [name, vector.slice()]));
  }

  /** The weights to validate: the averages where there are any. They change with the next steps. */
  weights(): Weights {
    const state = this.#vectors();
    const of = (name: "parameters" | "statistics") => state[averageName(name)] ?? state[name];
    return { parameters: of("parameters")!, statistics: of("statistics") ?? new Float32Array(0) };
  }

  copyWeights(): Weights {
    const { parameters, statistics } = this.weights();
    return { parameters: parameters.slice(), statistics: statistics.slice() };
  }

  async close(): Promise<void> {
    this.#state = this.#vectors();
    const runner = this.#current?.runner;
    this.#current = undefined;
    await runner?.close();
  }

  #vectors(): StateVectors {
    return this.#current?.runner.state() ?? this.#state;
  }
}
