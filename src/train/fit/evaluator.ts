/** Evaluation of weights on labelled pictures, with running statistics and no augmentation. */
import { throwIfCancelled } from "../../base/cancel.ts";
import type { ProgressHandle } from "../../base/progress.ts";
import { batches, countBatches, createBatch } from "../../dataset/pack/loader.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { Split } from "../../dataset/sources/source.ts";
import type { TensorData } from "../../graph/tensor-type.ts";
import type { Answers } from "../../metrics/classification-metrics.ts";
import { buildEvaluateGraph, type Model, type Weights } from "../../nn/inference-graph.ts";
import { feedOf } from "../../nn/model-input.ts";
import type { Executor, Program } from "../../runtime/executor.ts";

export interface PredictOptions {
  readonly signal?: AbortSignal | undefined;
  /** Advanced by the pictures of each batch. */
  readonly task?: ProgressHandle;
}

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

  /**
   * How long a split takes, in milliseconds: one batch of blank pictures, run twice, since the
   * first run allocates memory, times the number of batches.
   */
  async estimateMs(weights: Weights, pack: Pack, split: Split, nowMs: () => number): Promise<number> {
    const { pixels } = createBatch(pack, this.#batchSize);
    const feeds = this.#feeds(weights, pixels);
    await this.#program.run(feeds);
    const startMs = nowMs();
    await this.#program.run(feeds);
    return (nowMs() - startMs) * countBatches(pack, split, { batchSize: this.#batchSize, last: "pad" });
  }

  /** Logits of every picture of a split, in the pack's order. Errors: INTERRUPTED. */
  async predict(weights: Weights, pack: Pack, split: Split, options: PredictOptions = {}): Promise<Answers> {
    const { signal, task } = options;
    const { labels } = this.#model;
    const batchSize = this.#batchSize;
    const batch = createBatch(pack, batchSize);
    const indices = indicesOf(pack, split);
    const targets = Int32Array.from(indices, (index) => pack.targets[index]!);
    const all = new Float32Array(indices.length * labels.length);
    const shape = [batchSize, labels.length];
    const logits = { dtype: "float32" as const, shape, data: new Float32Array(batchSize * labels.length) };
    const feeds = this.#feeds(weights, batch.pixels);
    let at = 0;
    for await (const { count } of batches(pack, split, { batchSize, last: "pad", into: batch })) {
      throwIfCancelled(signal);
      await this.#program.run(feeds, { logits });
      all.set(logits.data.subarray(0, count * labels.length), at);
      at += count * labels.length;
      task?.advance(count);
    }
    return { logits: all, targets };
  }

  #feeds({ parameters, statistics }: Weights, rows: Uint8Array): Readonly<Record<string, TensorData>> {
    return {
      ...feedOf(this.#model, this.#batchSize, rows),
      parameters: vectorOf(parameters),
      ...(statistics.length > 0 && { statistics: vectorOf(statistics) }),
    };
  }

  async close(): Promise<void> {
    await this.#program.close();
  }
}

function vectorOf(data: Float32Array): TensorData {
  return { dtype: "float32", shape: [data.length], data };
}
