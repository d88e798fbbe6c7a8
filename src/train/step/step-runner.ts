/** Runs training steps one after the other, with two sets of state buffers that are swapped. */
import { AppError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { TensorData } from "../../graph/tensor-type.ts";
import { initialParameters, initialStatistics } from "../../nn/parameter-layout.ts";
import type { Executor, Program } from "../../runtime/executor.ts";
import { initialOptimizerState, type Optimizer, type StepMoment } from "./optimizer.ts";
import { averageName, nextName, optimizerStateName, type TrainStep } from "./step.ts";

/**
 * The state of a training by its names in the graph: `parameters`, `statistics`, `optimizer.*`,
 * `average.*`.
 */
export type StateVectors = Readonly<Record<string, Float32Array>>;

/** What one step measured. */
export interface StepResult {
  /** Mean loss over the batch, before the update. */
  readonly loss: number;
  /** Correct predictions in the batch, before the update. */
  readonly correct: number;
}

type Vector = TensorData & { readonly data: Float32Array };

/** The state before the first step. */
export function initialState(
  { layout, averages }: Pick<TrainStep, "layout" | "averages">,
  optimizer: Optimizer,
  random: Random,
): StateVectors {
  const vectors = Object.entries(initialOptimizerState(optimizer, layout.parameterCount));
  const parameters = initialParameters(layout, random);
  const statistics = layout.statisticCount > 0 ? initialStatistics(layout) : undefined;
  return {
    parameters,
    ...(statistics && { statistics }),
    ...(averages && { [averageName("parameters")]: parameters }),
    ...(averages && statistics && { [averageName("statistics")]: statistics }),
    ...Object.fromEntries(vectors.map(([name, vector]) => [optimizerStateName(name), vector])),
  };
}

/** Owns a loaded step and its state. */
export class StepRunner {
  readonly #program: Program;
  readonly #optimizer: Optimizer;
  readonly #averages: boolean;
  readonly #loss: Vector = vectorOf(new Float32Array(1), []);
  readonly #correct: Vector = vectorOf(new Float32Array(1), []);
  #current: Readonly<Record<string, Vector>>;
  #next: Readonly<Record<string, Vector>>;

  private constructor(
    program: Program,
    optimizer: Optimizer,
    averages: boolean,
    state: Readonly<Record<string, Vector>>,
  ) {
    this.#program = program;
    this.#optimizer = optimizer;
    this.#averages = averages;
    this.#current = state;
    this.#next = mapValues(state, ({ data }) => vectorOf(new Float32Array(data.length)));
  }

  /** Copies `state`. Throws CHECKPOINT_INVALID where its vectors are not those of the step. */
  static async start(
    executor: Executor,
    step: TrainStep,
    optimizer: Optimizer,
    state: StateVectors,
  ): Promise<StepRunner> {
    const entries = step.stateNames.map((name) => {
      const given = state[name];
      const expected = name.endsWith("statistics") ? step.layout.statisticCount : step.layout.parameterCount;
      if (given?.length !== expected) {
        throw new AppError("CHECKPOINT_INVALID", {
          required: `'${name}' with ${expected} numbers, as this network and optimizer need`,
          received: given === undefined ? "none" : `${given.length}`,
        });
      }
      return [name, vectorOf(given.slice())] as const;
    });
    return new StepRunner(await executor.load(step.graph), optimizer, step.averages, Object.fromEntries(entries));
  }

  /**
   * Runs one step on a batch: `pictures`, `targets` and the other inputs of the step's graph.
   * `averageShare`, 0 to 1, is how far averages, where there are any, move to the new weights.
   */
  async run(batch: Readonly<Record<string, TensorData>>, moment: StepMoment, averageShare = 0): Promise<StepResult> {
    const numbers = { ...this.#optimizer.scalars(moment), ...(this.#averages && { averageShare }) };
    const scalars = mapValues(numbers, (value) => vectorOf(Float32Array.of(value), []));
    const into: Record<string, TensorData> = { loss: this.#loss, correct: this.#correct };
    for (const [name, vector] of Object.entries(this.#next)) into[nextName(name)] = vector;
    await this.#program.run({ ...batch, ...scalars, ...this.#current }, into);
    [this.#current, this.#next] = [this.#next, this.#current];
    return { loss: this.#loss.data[0]!, correct: this.#correct.data[0]! };
  }

  /** The current state, not copied: the vectors change with the step after the next. */
  state(): StateVectors {
    return mapValues(this.#current, ({ data }) => data);
  }

  async close(): Promise<void> {
    await this.#program.close();
  }
}

function vectorOf(data: Float32Array, shape: readonly number[] = [data.length]): Vector {
  return { dtype: "float32", shape, data };
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
