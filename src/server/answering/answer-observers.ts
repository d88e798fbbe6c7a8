/** Who is told of every answer to pictures: the request log, the metrics, the challenger. */
import type { Metrics } from "../observability/metrics.ts";
import type { Shadow } from "../serving/shadow.ts";
import type { AnswerObserver } from "./answered-pictures.ts";

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
  return ({ context, model, pictures, pixels, sizes, predictions }) => {
    const size = pixels.length / predictions.length;
    predictions.forEach(({ label, confidence }, at) => {
      shadow.compare(model, {
        input: pictures[at]!,
        pixels: pixels.subarray(at * size, (at + 1) * size),
        size: sizes[at],
        label,
        confidence,
        requestId: context.id,
        position: at,
        keyId: context.caller?.id,
      });
    });
  };
}
