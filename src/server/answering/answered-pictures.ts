/** What a model answered to the pictures of one request, and who is told of it. */
import type { DeclaredSize } from "../../image/format.ts";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import type { BatchedAnswers } from "../../predict/batcher.ts";
import type { RequestContext } from "../http/request-context.ts";
import type { PictureInput } from "../input/picture-input.ts";
import type { ServedModel } from "../serving/served-model.ts";

/** The most probable class of one picture. */
export interface PredictedClass {
  readonly index: number;
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly confidence: number;
  /** Of every label, in their order; sum 1. */
  readonly probabilities: Float32Array;
  /** `embeddingOf` its picture: where predictions are logged, and the bundle has one. */
  readonly embedding?: Float32Array;
}

/** Row by row: probabilities `[n, labels]`, and embeddings `[n, d]` where there are some. */
export function predictionsOf(
  { probabilities, embedding }: Pick<BatchedAnswers, "probabilities" | "embedding">,
  labels: readonly string[],
): readonly PredictedClass[] {
  const count = probabilities.length / labels.length;
  const rowOf = (rows: Float32Array, at: number): Float32Array =>
    rows.subarray((at * rows.length) / count, ((at + 1) * rows.length) / count);
  return Array.from({ length: count }, (_, at) => {
    const row = rowOf(probabilities, at);
    const index = indexOfLargest(row);
    return {
      index,
      label: labels[index]!,
      confidence: row[index]!,
      probabilities: row,
      ...(embedding && { embedding: rowOf(embedding, at) }),
    };
  });
}

/** What the model gave for one request's pictures, row by row. */
export interface InferredPictures {
  readonly model: ServedModel;
  /** uint8 `[n,H,W,C]` */
  readonly pixels: Uint8Array;
  readonly answers: BatchedAnswers;
  /** Of the files' headers, before any rotation; undefined for pixels. */
  readonly sizes: readonly (DeclaredSize | undefined)[];
}

export interface AnsweredPictures extends InferredPictures {
  readonly context: RequestContext;
  readonly pictures: readonly PictureInput[];
  /** One for each picture, in their order. */
  readonly predictions: readonly PredictedClass[];
}

/** Is told of every answer before it goes out. It must neither throw nor wait. */
export type AnswerObserver = (answered: AnsweredPictures) => void;
