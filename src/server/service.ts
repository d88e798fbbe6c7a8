/** What the routes share: the models, the way of pictures to their answers, the measurements. */

import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { declaredSize } from "../image/format.ts";
import type { BatchedAnswers } from "../predict/batcher.ts";
import type { Gate } from "../predict/gate.ts";
import type { RequestContext } from "./http/request-context.ts";
import { type PictureInput, requireFewPictures } from "./input/picture-input.ts";
import { preparePicture } from "./input/prepare-picture.ts";
import type { Admission } from "./load/admission.ts";
import type { Metrics } from "./metrics.ts";
import type { ServeConfig } from "./serve-config.ts";
import type { ModelHost } from "./serving/model-host.ts";
import type { ServedModel } from "./serving/served-model.ts";
import type { Shadow } from "./serving/shadow.ts";

/** What every handler is given. */
export interface Service {
  readonly config: ServeConfig;
  readonly version: string;
  readonly host: ModelHost;
  readonly shadow: Shadow;
  readonly admission: Admission;
  readonly decoding: Gate;
  readonly explaining: Gate;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Why requests are not welcome, while they are not. */
  readonly notReady: () => string | undefined;
}

/** The answers to one request's pictures, row by row, and what they were computed from. */
export interface Answered {
  readonly model: ServedModel;
  /** uint8 `[n,H,W,C]` */
  readonly pixels: Uint8Array;
  readonly answers: BatchedAnswers;
}

/**
 * The whole way of a request's pictures: let in, decoded beside each other, through the model
 * together. `model` keeps to one version.
 * Errors: REQUEST_TOO_LARGE, OVERLOADED, DEADLINE_EXCEEDED, CLIENT_GONE, NOT_READY,
 * IMAGE_UNREADABLE, IMAGE_SIZE, REQUEST_INVALID.
 */
export async function answerPictures(
  service: Service,
  context: RequestContext,
  pictures: readonly PictureInput[],
  chosen: ServedModel | undefined,
): Promise<Answered> {
  const { admission, now, config } = service;
  requireFewPictures(pictures.length, config.picturesPerRequest);
  const model = chosen ?? requireModel(service);
  admission.enter(pictures.length, context.deadline);
  const leave = model.lease();
  let isAnswered = false;
  try {
    const decodeStart = now();
    const pixels = await decodeAll(service, context, pictures, model);
    context.took("decode", now() - decodeStart);
    const answers = await model.infer(pixels, pictures.length, context);
    context.took("queue", answers.queueMs);
    context.took("inference", answers.inferenceMs);
    isAnswered = true;
    return { model, pixels, answers };
  } finally {
    leave();
    admission.leave(pictures.length, isAnswered);
  }
}

/** The pictures under the model's recipe, uint8 `[n,H,W,C]`. */
async function decodeAll(
  { decoding, config }: Service,
  context: RequestContext,
  pictures: readonly PictureInput[],
  { info: { recipe } }: ServedModel,
): Promise<Uint8Array> {
  const decode = (input: PictureInput): Promise<Uint8Array> => {
    // Numbers cost too little to wait for a turn.
    if (input.kind !== "file") return preparePicture(input, recipe);
    requireFewPixels(input, config.pixels);
    return decoding.pass(context, () => preparePicture(input, recipe, config.pixels));
  };
  if (pictures.length === 1) return decode(pictures[0]!);
  const parts = await allOrFirstError(pictures.map(decode));
  const size = parts[0]!.length;
  const all = new Uint8Array(size * parts.length);
  parts.forEach((part, index) => {
    all.set(part, index * size);
  });
  return all;
}

/**
 * Waits for all, then throws the first error in their order: nothing of a refused request goes on
 * in the background.
 */
async function allOrFirstError<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** The champion. Errors: NOT_READY. */
export function requireModel({ host }: Pick<Service, "host">): ServedModel {
  const model = host.current("champion");
  if (model) return model;
  throw new AppError("NOT_READY", { required: "a model that is loaded", received: "none yet", hint: "ask /readyz" });
}

/** Before it waits for its turn, where the header says it: the decoder looks at the others. */
function requireFewPixels({ bytes, where }: Extract<PictureInput, { kind: "file" }>, limit: number): void {
  const size = declaredSize(bytes);
  if (size === undefined || size.width * size.height <= limit) return;
  throw new AppError("IMAGE_SIZE", {
    required: `a picture of at most ${limit / 1e6} million pixels`,
    received: `${size.width} x ${size.height} pixels`,
    where,
    hint: "make it smaller before sending it",
  });
}
