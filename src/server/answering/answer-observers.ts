/** Who is told of every answer to pictures: the request log, the metrics, the challenger. */
import type { Metrics } from "../observability/metrics.ts";
import type { AnswerObserver } from "../service.ts";
import type { Shadow } from "../serving/shadow.ts";

/** For the request's line in the log, and its span. */
export const noteOutcome: AnswerObserver = ({ context, model, answers, predictions }) => {
  const [first] = predictions;
  context.outcome = {
    modelVersion: model.version,
    pictures: predictions.length,
    batchSize: answers.batchSize,
    ...(predictions.length === 1 && first && { label: first.label, confidence: first.confidence }),
  };
};

export function countPredictions(metrics: Pick<Metrics, "predicted">): AnswerObserver {
  return ({ predictions }) => {
    for (const { label, confidence } of predictions) metrics.predicted(label, confidence);
  };
}

export function compareWithChallenger(shadow: Pick<Shadow, "compare">): AnswerObserver {
  return ({ context, model, pictures, pixels, predictions }) => {
    const size = pixels.length / predictions.length;
    predictions.forEach(({ label, confidence }, at) => {
      const own = pixels.subarray(at * size, (at + 1) * size);
      shadow.compare(model, { input: pictures[at]!, pixels: own, label, confidence, requestId: context.id });
    });
  };
}
