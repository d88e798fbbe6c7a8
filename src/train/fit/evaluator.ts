/** Evaluation of weights on labelled pictures, with running statistics and no augmentation. */
import { throwIfCancelled } from "../../base/cancel.ts";
import { batches, createBatch } from "../../dataset/pack/loader.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { Split } from "../../dataset/sources/source.ts";
import type { TensorData } from "../../graph/tensor-type.ts";
import { type Answers, type Evaluation, evaluateAnswers } from "../../metrics/classification-metrics.ts";
import { buildEvaluateGraph, type Model, type Weights } from "../../nn/inference-graph.ts";
import type { Executor, Program } from "../../runtime/executor.ts";

/**
 * Owns the loaded evaluation graph of a model. Weights are fed: one evaluator serves a training.
 */
export class Evaluator {
  readonly #program: Program;
  readonly #model: Model;
  readonly #batchSize: number;

  private constructor(program: Program, model: Model, batchSize: number) {
    this.#program = program;
    this.#model = model;
    this.#batchSize = batchSize;
  }

  static async start(executor: Executor, model: Model, batchSize: number): Promise<Evaluator> {
    return new Evaluator(await executor.load(buildEvaluateGraph(model, batchSize)), model, batchSize);
  }

  /** Logits of every picture of a split, in the pack's order. Errors: INTERRUPTED. */
  async predict(weights: Weights, pack: Pack, split: Split, signal?: AbortSignal): Promise<Answers> {
    const { size, labels } = this.#model;
    const batchSize = this.#batchSize;
    const batch = createBatch(pack, batchSize);
    const indices = indicesOf(pack, split);
    const targets = Int32Array.from(indices, (index) => pack.targets[index]!);
    const all = new Float32Array(indices.length * labels.length);
    const shape = [batchSize, labels.length];
    const logits = { dtype: "float32" as const, shape, data: new Float32Array(batchSize * labels.length) };
    const feeds: Record<string, TensorData> = {
      pictures: { dtype: "uint8", shape: [batchSize, size.height, size.width, size.channels], data: batch.pixels },
      parameters: vectorOf(weights.parameters),
    };
    if (weights.statistics.length > 0) feeds.statistics = vectorOf(weights.statistics);
    let at = 0;
    for await (const { count } of batches(pack, split, { batchSize, last: "pad", into: batch })) {
      throwIfCancelled(signal);
      await this.#program.run(feeds, { logits });
      all.set(logits.data.subarray(0, count * labels.length), at);
      at += count * labels.length;
    }
    return { logits: all, targets };
  }

  async evaluate(weights: Weights, pack: Pack, split: Split, signal?: AbortSignal): Promise<Evaluation> {
    return evaluateAnswers(await this.predict(weights, pack, split, signal), this.#model.labels);
  }

  async close(): Promise<void> {
    await this.#program.close();
  }
}

function vectorOf(data: Float32Array): TensorData {
  return { dtype: "float32", shape: [data.length], data };
}
