/** `/predict` and `/explain`. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import { findClass } from "../../predict/find-class.ts";
import { contract } from "../contract/index.ts";
import type { Handler } from "../http/register-route.ts";
import type { RequestContext } from "../http/request-context.ts";
import { type PictureRequest, readPictures } from "../input/read-pictures.ts";
import { type Answered, answerPictures, requireModel, type Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";

export function predictionRoutes(service: Service): Readonly<Record<string, Handler>> {
  return {
    [contract.predict.id]: (request, reply) => predict(service, request, reply),
    [contract.explain.id]: (request, reply) => explain(service, request, reply),
  };
}

async function predict(service: Service, request: FastifyRequest, reply: FastifyReply) {
  const { context } = request;
  const query = request.query as { readonly top_k?: number }; // checked against the contract
  const read = await readPictures(request, service.config.picturesPerRequest);
  const answered = await answerPictures(service, context, read.pictures, chooseModel(service, request));
  const rows = rowsOf(answered, read.topK ?? query.top_k);
  noteOutcome(service, context, read, answered, rows);
  reply.header("server-timing", serverTiming(context, service.now()));
  const provenance = { model: answered.model.name, model_version: answered.model.version, request_id: context.id };
  return read.isList ? { predictions: rows, ...provenance } : { ...rows[0]!, ...provenance };
}

/** The canary for its share of callers, told apart by the header x-request-key, else by the request. */
export function chooseModel({ host }: Service, { headers, context }: FastifyRequest): ServedModel | undefined {
  const key = headers["x-request-key"];
  return host.route(typeof key === "string" ? key : context.id);
}

interface Row {
  readonly prediction: number;
  readonly label: string;
  readonly confidence: number;
  readonly probabilities: readonly number[];
  readonly top?: readonly { readonly index: number; readonly label: string; readonly probability: number }[];
}

function rowsOf({ model, answers }: Answered, topK: number | undefined): readonly Row[] {
  const { labels } = model.info;
  const { probabilities } = answers;
  const rows: Row[] = [];
  for (let start = 0; start < probabilities.length; start += labels.length) {
    const row = Array.from(probabilities.subarray(start, start + labels.length), sevenDecimals);
    const best = indexOfLargest(row);
    const confidence = row[best]!;
    const one = { prediction: best, label: labels[best]!, confidence, probabilities: row };
    rows.push(topK === undefined ? one : { ...one, top: topOf(row, labels, topK) });
  }
  return rows;
}

function topOf(row: readonly number[], labels: readonly string[], topK: number) {
  return row
    .map((probability, index) => ({ index, label: labels[index]!, probability }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, topK);
}

/** As many as a float32 near 1 holds. */
function sevenDecimals(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}

/** What the log, the metrics and the challenger get to know. */
function noteOutcome(
  { metrics, shadow }: Service,
  context: RequestContext,
  { pictures }: PictureRequest,
  { model, pixels, answers }: Answered,
  rows: readonly Row[],
): void {
  const [first] = rows;
  context.outcome = {
    modelVersion: model.version,
    pictures: rows.length,
    batchSize: answers.batchSize,
    ...(rows.length === 1 && first && { label: first.label, confidence: first.confidence }),
  };
  const size = pixels.length / rows.length;
  rows.forEach(({ label, confidence }, index) => {
    metrics.predicted(label, confidence);
    const row = pixels.subarray(index * size, (index + 1) * size);
    shadow.compare(model, { input: pictures[index]!, pixels: row, label, confidence, requestId: context.id });
  });
}

/** Source: https://www.w3.org/TR/server-timing/ */
export function serverTiming({ phases, startedAt }: RequestContext, time: number): string {
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
      const { drawHeatMap } = await import("../../predict/explain.ts");
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
