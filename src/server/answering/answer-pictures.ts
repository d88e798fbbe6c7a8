/** From a request's pictures to their answers, the same for every protocol. */
import type { IncomingHttpHeaders } from "node:http";
import { forEachInParallel } from "../../image/in-parallel.ts";
import { recipeSizeBytes } from "../../image/recipe.ts";
import type { RequestContext } from "../http/request-context.ts";
import { type PictureInput, requireFewPictures } from "../input/picture-input.ts";
import { preparePicture } from "../input/prepare-picture.ts";
import { requireModel, type Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { type AnsweredPictures, type InferredPictures, predictionsOf } from "./answered-pictures.ts";
import { decodedAtOnce, loadOf, type WeighedPicture, weighPictures } from "./weigh-pictures.ts";

/**
 * The canary for its share of callers, told apart by the header x-request-key, else by the request.
 */
export function chooseModel(
  { host }: Service,
  { headers, context }: { readonly headers: IncomingHttpHeaders; readonly context: RequestContext },
): ServedModel | undefined {
  const key = headers["x-request-key"];
  return host.route(typeof key === "string" ? key : context.id);
}

/**
 * Answers a request's pictures, and tells the service's observers. `chosen` keeps to one version.
 * Errors: as `inferPictures`.
 */
export async function answerPictures(
  service: Service,
  context: RequestContext,
  pictures: readonly PictureInput[],
  chosen: ServedModel | undefined,
): Promise<AnsweredPictures> {
  const inferred = await inferPictures(service, context, pictures, chosen);
  const predictions = predictionsOf(inferred.answers, inferred.model.info.labels);
  const answered = { context, pictures, ...inferred, predictions };
  for (const observe of service.observers) observe(answered);
  return answered;
}

/**
 * Takes pictures through the service: admitted, decoded concurrently, run through the model
 * together. Observers are not told: this alone is for work that is not a prediction, as heat maps.
 * Errors: REQUEST_TOO_LARGE, OVERLOADED, DEADLINE_EXCEEDED, CLIENT_GONE, NOT_READY,
 * IMAGE_UNREADABLE, IMAGE_SIZE, REQUEST_INVALID.
 */
export async function inferPictures(
  service: Service,
  context: RequestContext,
  pictures: readonly PictureInput[],
  chosen: ServedModel | undefined,
): Promise<InferredPictures> {
  const { admission, now, config } = service;
  requireFewPictures(pictures.length, config.picturesPerRequest);
  const model = chosen ?? requireModel(service);
  const weighed = weighPictures(pictures, config);
  const load = loadOf(weighed);
  admission.enter(load, context.deadline);
  const leave = model.lease();
  let isAnswered = false;
  try {
    const decodeStart = now();
    const pixels = await decodeAll(service, context, weighed, model);
    const decodeMs = now() - decodeStart;
    context.took("decode", decodeMs);
    const answers = await model.infer(pixels, pictures.length, context, decodeMs);
    context.took("queue", answers.queueMs);
    context.took("inference", answers.inferenceMs);
    isAnswered = true;
    return { model, pixels, answers, sizes: weighed.map(({ cost }) => cost?.size) };
  } finally {
    leave();
    admission.leave(load, isAnswered);
  }
}

/** The pictures under the model's recipe, uint8 `[n,H,W,C]`: in turns with those of other requests. */
async function decodeAll(
  { decoding, config }: Service,
  context: RequestContext,
  pictures: readonly WeighedPicture[],
  { info: { recipe } }: ServedModel,
): Promise<Uint8Array> {
  const decode = ({ input, cost }: WeighedPicture): Promise<Uint8Array> =>
    // Numbers cost too little to wait for a turn.
    cost === undefined
      ? preparePicture(input, recipe)
      : decoding.pass(context, () => preparePicture(input, recipe, config.pixels), cost);
  if (pictures.length === 1) return decode(pictures[0]!);
  const size = recipeSizeBytes(recipe);
  const all = new Uint8Array(size * pictures.length);
  await forEachInParallel(
    pictures,
    async (picture, index) => {
      all.set(await decode(picture), index * size);
    },
    { concurrency: decodedAtOnce },
  );
  return all;
}
