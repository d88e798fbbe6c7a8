/**
 * What the routes that answer pictures share: which model is asked, what its numbers say, and who
 * gets to know of it.
 */
import type { FastifyRequest } from "fastify";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import type { RequestContext } from "../http/request-context.ts";
import type { PictureInput } from "../input/picture-input.ts";
import type { Answered, Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";

/**
 * The canary for its share of callers, told apart by the header x-request-key, else by the request.
 */
export function chooseModel({ host }: Service, { headers, context }: FastifyRequest): ServedModel | undefined {
  const key = headers["x-request-key"];
  return host.route(typeof key === "string" ? key : context.id);
}

/** The most probable class of one picture. */
export interface Prediction {
  readonly index: number;
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly confidence: number;
  /** Of every label, in their order; sum 1. */
  readonly probabilities: Float32Array;
}

/** One for each picture, in their order. */
export function predictionsOf({ model, answers: { probabilities } }: Answered): readonly Prediction[] {
  const { labels } = model.info;
  const predictions: Prediction[] = [];
  for (let start = 0; start < probabilities.length; start += labels.length) {
    const row = probabilities.subarray(start, start + labels.length);
    const index = indexOfLargest(row);
    predictions.push({ index, label: labels[index]!, confidence: row[index]!, probabilities: row });
  }
  return predictions;
}

/** Tells the log, the metrics and the challenger of answers to `pictures`. */
export function notePredictions(
  { metrics, shadow }: Service,
  context: RequestContext,
  pictures: readonly PictureInput[],
  { model, pixels, answers }: Answered,
  predictions: readonly Prediction[],
): void {
  const [first] = predictions;
  context.outcome = {
    modelVersion: model.version,
    pictures: predictions.length,
    batchSize: answers.batchSize,
    ...(predictions.length === 1 && first && { label: first.label, confidence: first.confidence }),
  };
  const size = pixels.length / predictions.length;
  predictions.forEach(({ label, confidence }, at) => {
    metrics.predicted(label, confidence);
    const own = pixels.subarray(at * size, (at + 1) * size);
    shadow.compare(model, { input: pictures[at]!, pixels: own, label, confidence, requestId: context.id });
  });
}
