/** `/predict` and `/explain`. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import { findClass } from "../../predict/find-class.ts";
import { contract } from "../contract/contract.ts";
import type { Handler } from "../http/register-route.ts";
import type { RequestContext } from "../http/request-context.ts";
import { readPictures } from "../input/read-pictures.ts";
import { answerPictures, requireModel, type Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { chooseModel, notePredictions, type Prediction, predictionsOf } from "./answered-pictures.ts";

export function predictionRoutes(service: Service): Readonly<Record<string, Handler>> {
  return {
    [contract.predict.id]: (request, reply) => predict(service, request, reply),
    [contract.explain.id]: (request, reply) => explain(service, request, reply),
  };
}

async function predict(service: Service, request: FastifyRequest, reply: FastifyReply) {
  const { context } = request;
  const query = request.query as { readonly top_k?: number }; // checked against the contract
  const { pictures, isList, topK = query.top_k } = await readPictures(request, service.config.picturesPerRequest);
  const answered = await answerPictures(service, context, pictures, chooseModel(service, request));
  const predictions = predictionsOf(answered);
  notePredictions(service, context, pictures, answered, predictions);
  const { model } = answered;
  const rows = predictions.map((prediction) => rowOf(prediction, model.info.labels, topK));
  reply.header("server-timing", serverTiming(context, service.now()));
  const provenance = { model: model.name, model_version: model.version, request_id: context.id };
  return isList ? { predictions: rows, ...provenance } : { ...rows[0]!, ...provenance };
}

function rowOf(
  { index, label, confidence, probabilities }: Prediction,
  labels: readonly string[],
  topK: number | undefined,
) {
  const row = {
    prediction: index,
    label,
    confidence: sevenDecimals(confidence),
    probabilities: Array.from(probabilities, sevenDecimals),
  };
  return topK === undefined ? row : { ...row, top: topOf(probabilities, labels, topK) };
}

function topOf(probabilities: Float32Array, labels: readonly string[], topK: number) {
  return Array.from(probabilities, (probability, index) => ({ index, label: labels[index]!, probability }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, topK)
    .map((one) => ({ ...one, probability: sevenDecimals(one.probability) }));
}

/** As many as a float32 near 1 holds. */
function sevenDecimals(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}

/** Source: https://www.w3.org/TR/server-timing/ */
function serverTiming({ phases, startedAt }: RequestContext, time: number): string {
  const part = (name: string, ms: number | undefined): string =>
    ms === undefined ? "" : `${name};dur=${ms.toFixed(2)}, `;
  const { decode, queue, inference } = phases;
  return `${part("decode", decode)}${part("queue", queue)}${part("inference", inference)}total;dur=${(time - startedAt).toFixed(2)}`;
}

async function explain(service: Service, request: FastifyRequest, reply: FastifyReply) {
  const { context } = request;
  const query = request.query as { readonly class?: string }; // checked against the contract
  const { pictures } = await readPictures(request, 1);
  const model = chooseModel(service, request) ?? requireModel(service);
  const leave = model.lease();
  try {
    const { pixels, answers } = await answerPictures(service, context, pictures, model);
    const chosen = query.class === undefined ? indexOfLargest(answers.probabilities) : classFrom(query.class, model);
    // One at a time: heat maps are for people, and must not take the place of predictions.
    const image = await service.explaining.pass(context, async () => {
      const { drawHeatMap } = await import("../../predict/explain/explain.ts");
      const heat = await (await model.explainer()).explain(pixels, chosen);
      reply.header("x-pawprint-method", heat.method);
      return drawHeatMap(pixels, model.info.recipe, heat);
    });
    context.outcome = { modelVersion: model.version, pictures: 1 };
    reply
      .type("image/png")
      .header("x-pawprint-class", String(chosen))
      .header("x-pawprint-label", encodeURIComponent(model.info.labels[chosen]!))
      .header("server-timing", serverTiming(context, service.now()));
    return Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  } finally {
    leave();
  }
}

function classFrom(text: string, { info: { labels } }: ServedModel): number {
  const index = findClass(labels, text);
  if (index !== undefined) return index;
  throw new AppError("REQUEST_INVALID", {
    required: `class is a label, or an index from 0 to ${labels.length - 1}`,
    received: JSON.stringify(text.slice(0, 80)),
    where: "query",
    ...(labels.length <= 20 && { hint: `one of ${labels.join(", ")}` }),
  });
}
