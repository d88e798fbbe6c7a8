/**
 * What the handlers share: the models, the limits, the measurements, and the shape of an answer.
 */
import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { BatchedAnswers } from "../predict/batcher.ts";
import type { Gate } from "../predict/gate.ts";
import type { RequestContext } from "./http/request-context.ts";
import type { BodyReading } from "./input/body-reading.ts";
import type { PictureInput } from "./input/picture-input.ts";
import type { Admission } from "./load/admission.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { ServeConfig } from "./serve-config.ts";
import type { ModelHost } from "./serving/model-host.ts";
import type { ServedModel } from "./serving/served-model.ts";
import type { Shadow } from "./serving/shadow.ts";

export interface Service {
  readonly config: ServeConfig;
  readonly version: string;
  readonly host: ModelHost;
  readonly shadow: Shadow;
  readonly admission: Admission;
  readonly reading: BodyReading;
  readonly decoding: Gate;
  readonly explaining: Gate;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Called with every answer to pictures, whatever protocol asked. */
  readonly observers: readonly AnswerObserver[];
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Why requests are not welcome, while they are not. */
  readonly notReady: () => string | undefined;
}

/** The most probable class of one picture. */
export interface PredictedClass {
  readonly index: number;
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly confidence: number;
  /** Of every label, in their order; sum 1. */
  readonly probabilities: Float32Array;
}

/** What the model gave for one request's pictures, row by row. */
export interface InferredPictures {
  readonly model: ServedModel;
  /** uint8 `[n,H,W,C]` */
  readonly pixels: Uint8Array;
  readonly answers: BatchedAnswers;
}

export interface AnsweredPictures extends InferredPictures {
  readonly context: RequestContext;
  readonly pictures: readonly PictureInput[];
  /** One for each picture, in their order. */
  readonly predictions: readonly PredictedClass[];
}

/** Is told of every answer before it goes out. It must neither throw nor wait. */
export type AnswerObserver = (answered: AnsweredPictures) => void;

/** The champion. Errors: NOT_READY. */
export function requireModel({ host }: Pick<Service, "host">): ServedModel {
  const model = host.current("champion");
  if (model) return model;
  throw new AppError("NOT_READY", { required: "a loaded model", received: "none", hint: "ask /readyz" });
}
