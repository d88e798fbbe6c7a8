/** `/predict` and `/explain`. */
import type { FastifyReply } from "fastify";
import { AppError } from "../../base/errors.ts";
import { inTurns } from "../../image/in-turns.ts";
import { indexesOfLargest, indexOfLargest } from "../../metrics/classification-metrics.ts";
import { findClass } from "../../predict/find-class.ts";
import { answerPictures, chooseModel, inferPictures } from "../answering/answer-pictures.ts";
import type { PredictedClass } from "../answering/answered-pictures.ts";
import { weighFile } from "../answering/weigh-pictures.ts";
import type { predictionRoutes } from "../contract/prediction-routes.ts";
import type { Handlers, RouteRequest } from "../http/register-route.ts";
import type { RequestContext } from "../http/request-context.ts";
import type { PictureInput } from "../input/picture-input.ts";
import { nothingSent } from "../input/read-pictures.ts";
import { requireModel, type Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";

type Routes = typeof predictionRoutes;

export function predictionHandlers(service: Service): Handlers<Routes> {
  return {
    predict: (request, reply) => predict(service, request, reply),
    explain: (request, reply) => explain(service, request, reply),
  };
}

type PictureRequest = Pick<RouteRequest<Routes["predict"]>, "body" | "headers" | "context">;

/** `limit` is the number of pictures. */
function readPictures({ reading }: Service, { body, headers, context }: PictureRequest, limit: number) {
  if (!(body instanceof Uint8Array)) throw nothingSent();
  return reading.read("pictures", body, { contentType: headers["content-type"] ?? "", limit }, context);
}

/** Probabilities that are put into an answer before others get their turn. */
const valuesAtOnce = 10_000;

async function predict(service: Service, request: RouteRequest<Routes["predict"]>, reply: FastifyReply) {
  const { context, query } = request;
  const {
    pictures,
    isList,
    topK = query.top_k,
  } = await readPictures(service, request, service.config.picturesPerRequest);
  const { model, predictions } = await answerPictures(service, context, pictures, chooseModel(service, request));
  const { labels } = model.info;
  const rows: ReturnType<typeof rowOf>[] = [];
  await inTurns(predictions.length, valuesAtOnce / labels.length, (start, end) => {
    for (const prediction of predictions.slice(start, end)) rows.push(rowOf(prediction, labels, topK));
  });
  reply.header("server-timing", serverTiming(context, service.now()));
  const provenance = { model: model.name, model_version: model.version, request_id: context.id };
  return isList ? { predictions: rows, ...provenance } : { ...rows[0]!, ...provenance };
}

function rowOf(
  { index, label, confidence, probabilities }: PredictedClass,
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
  return indexesOfLargest(probabilities, topK).map((index) => ({
    index,
    label: labels[index]!,
    probability: sevenDecimals(probabilities[index]!),
  }));
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

async function explain(service: Service, request: RouteRequest<Routes["explain"]>, reply: FastifyReply) {
  const { context, query } = request;
  const { pictures } = await readPictures(service, request, 1);
  const model = chooseModel(service, request) ?? requireModel(service);
  const leave = model.lease();
  try {
    const { pixels, answers } = await inferPictures(service, context, pictures, model);
    const { labels, recipe } = model.info;
    const best = indexOfLargest(answers.probabilities);
    const chosen = query.class === undefined ? best : classFrom(query.class, model);
    const probability = answers.probabilities[chosen]!;
    const caption = { label: labels[chosen]!, probability, predicted: labels[best]! };
    // Before the turn of the heat map: a picture that is slow to decode must not hold others up.
    const picture = await decodeToDraw(service, context, pictures[0]!, model); // inferPictures has answered it
    // One at a time: heat maps must not displace predictions.
    const image = await service.explaining.pass(context, async () => {
      const explainer = await model.explainer();
      const heat = await explainer.explain(pixels, chosen);
      reply.header("x-pawprint-method", heat.method);
      return explainer.draw(picture ?? { ...recipe, pixels }, heat, query.caption === false ? undefined : caption);
    });
    context.outcome = { modelVersion: model.version, pictures: 1 };
    reply
      .type("image/png")
      .header("x-pawprint-class", String(chosen))
      .header("x-pawprint-label", encodeURIComponent(labels[chosen]!))
      .header("x-pawprint-probability", String(sevenDecimals(probability)))
      .header("server-timing", serverTiming(context, service.now()));
    return Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  } finally {
    leave();
  }
}

/** The picture itself, for the heat to lie on; undefined where pixels were sent. */
async function decodeToDraw(
  { decoding, config }: Service,
  context: RequestContext,
  input: PictureInput,
  { info: { recipe } }: ServedModel,
) {
  if (input.kind !== "file") return undefined;
  const { decodeForHeatMap } = await import("../../predict/explain/explain.ts");
  const decode = () => decodeForHeatMap(input.bytes, recipe, input.where, config.pixels);
  return decoding.pass(context, decode, weighFile(input, config));
}

function classFrom(text: string, { info: { labels } }: ServedModel): number {
  const index = findClass(labels, text);
  if (index !== undefined) return index;
  throw new AppError("REQUEST_INVALID", {
    required: `a label, or a class index from 0 to ${labels.length - 1}, for class`,
    received: JSON.stringify(text.slice(0, 80)),
    where: "query",
    ...(labels.length <= 20 && { hint: `one of ${labels.join(", ")}` }),
  });
}
