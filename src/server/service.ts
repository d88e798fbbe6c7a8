/** What the handlers share: the models, the limits, the measurements. */
import type { BuildInfo } from "../base/build-info.ts";
import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Gate } from "../predict/gate.ts";
import type { AnswerObserver } from "./answering/answered-pictures.ts";
import type { BodyReading } from "./input/body-reading.ts";
import type { Admission } from "./load/admission.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { PictureKeeper } from "./observability/picture-keeper.ts";
import type { PredictionRecorder } from "./observability/prediction-recorder.ts";
import type { ServeConfig } from "./serve-config.ts";
import type { ModelHost } from "./serving/model-host.ts";
import type { ServedModel } from "./serving/served-model.ts";
import type { Shadow } from "./serving/shadow.ts";

export interface Service {
  readonly config: ServeConfig;
  /** Which code runs. */
  readonly build: BuildInfo;
  readonly host: ModelHost;
  readonly shadow: Shadow;
  readonly admission: Admission;
  readonly reading: BodyReading;
  readonly decoding: Gate;
  readonly explaining: Gate;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Undefined without a prediction log. */
  readonly recorder: PredictionRecorder | undefined;
  /** Undefined where no pictures are kept. */
  readonly keeper: PictureKeeper | undefined;
  /** Called with every answer to pictures, whatever protocol asked. */
  readonly observers: readonly AnswerObserver[];
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Why requests are not welcome, while they are not. */
  readonly notReady: () => string | undefined;
}

/** The champion. Errors: NOT_READY. */
export function requireModel({ host }: Pick<Service, "host">): ServedModel {
  const model = host.current("champion");
  if (model) return model;
  throw new AppError("NOT_READY", { required: "a loaded model", received: "none", hint: "ask /readyz" });
}
