/** Records what a service answers in its prediction log, and what is said of it later. */
import { randomUUID } from "node:crypto";
import { AppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { endsWithin } from "../../base/within.ts";
import { answeredOf, labelsOf } from "../../prediction-log/label-check.ts";
import { LogBuffer } from "../../prediction-log/log-buffer.ts";
import type { LoggedPrediction, ServiceLog } from "../../prediction-log/prediction-log.ts";
import { createRetention } from "../../prediction-log/retention.ts";
import { createRowIds } from "../../prediction-log/row-ids.ts";
import type { AnswerObserver, PredictedClass } from "../answering/answered-pictures.ts";
import type { ModelRole } from "../contract/model-routes.ts";
import type { ModelHost } from "../serving/model-host.ts";
import type { ServedModel } from "../serving/served-model.ts";
import type { ChampionAnswer, ShadowComparison } from "../serving/shadow.ts";
import type { DriftWatch } from "./drift-watch.ts";
import { createPictureMeasurer } from "./measure-pictures.ts";
import type { Metrics } from "./metrics.ts";
import { createModelDescriber } from "./model-describer.ts";

export interface GivenFeedback {
  readonly requestId: string;
  readonly position: number;
  readonly label: string;
  /** Of the caller's key, where callers have keys. */
  readonly keyId: string | undefined;
}

export interface PredictionRecorder {
  readonly observe: AnswerObserver;
  /** The challenger's answer, which nobody was given. */
  compared(answer: ChampionAnswer, comparison: ShadowComparison): void;
  /**
   * Kept when it returns; gives the prediction that it is about.
   * Errors: PREDICTION_UNKNOWN, LABEL_UNKNOWN, PREDICTION_LOG_UNAVAILABLE.
   */
  take(feedback: GivenFeedback): Promise<LoggedPrediction>;
  /** Predictions that wait to be written. */
  readonly waiting: number;
  close(): Promise<void>;
}

export interface PredictionRecorderOptions {
  readonly log: ServiceLog;
  readonly host: Pick<ModelHost, "byVersion" | "roleOf">;
  readonly metrics: Pick<Metrics, "logged" | "unlogged" | "labelled">;
  /** Sees the rows, too. */
  readonly drift?: DriftWatch | undefined;
  readonly logger: Logger;
  /** Predictions are kept for so long. */
  readonly retentionDays: number;
  /** Milliseconds of the clock that requests are timed with. */
  readonly now: () => number;
}

const cleaningMs = 3_600_000;
/** How long a service that ends goes on writing. */
const closeMs = 5000;
/** How long feedback waits for predictions before it to be written. */
const flushMs = 2000;

export function createPredictionRecorder(options: PredictionRecorderOptions): PredictionRecorder {
  const { log, host, metrics, drift, logger, retentionDays, now } = options;
  const buffer = new LogBuffer({ log, logger, onWritten: metrics.logged, onDropped: metrics.unlogged });
  const onMeasured = (rows: readonly LoggedPrediction[]): void => {
    buffer.add(rows);
    drift?.add(rows);
  };
  const measurer = createPictureMeasurer({ onMeasured, logger });
  const retention = createRetention({ log, days: retentionDays, logger, clock: Date.now, now });
  const cleaning = setInterval(() => void retention.clean(), cleaningMs).unref();
  const nextRowId = createRowIds();
  const describer = createModelDescriber({ log, logger, now });

  const rowOf = (model: ServedModel, role: ModelRole, answer: RecordedAnswer): LoggedPrediction => ({
    rowId: nextRowId(),
    requestId: answer.requestId,
    position: answer.position,
    timeMs: answer.timeMs,
    model: model.name,
    version: model.version,
    role,
    label: answer.prediction.label,
    confidence: answer.prediction.confidence,
    // The row is a part of a batch's memory.
    probabilities: answer.prediction.probabilities.slice(),
    latencyMs: answer.latencyMs,
    ...(answer.prediction.embedding && { embedding: answer.prediction.embedding.slice() }),
    ...(answer.keyId !== undefined && { keyId: answer.keyId }),
  });

  const observe: AnswerObserver = ({ context, model, pixels, sizes, predictions }) => {
    describer.note(model);
    const role = host.roleOf(model);
    const shared = {
      requestId: context.id,
      timeMs: Date.now(),
      latencyMs: now() - context.startedAt,
      keyId: context.caller?.id,
    };
    const rows = predictions.map((prediction, position) => rowOf(model, role, { ...shared, position, prediction }));
    measurer.add(rows, { pixels, recipe: model.info.recipe, sizes });
  };

  const compared = (answer: ChampionAnswer, { challenger, prediction, pixels, latencyMs }: ShadowComparison): void => {
    describer.note(challenger);
    const { requestId, position, keyId, size } = answer;
    const row = rowOf(challenger, "challenger", {
      requestId,
      position,
      keyId,
      timeMs: Date.now(),
      latencyMs,
      prediction,
    });
    measurer.add([row], { pixels, recipe: challenger.info.recipe, sizes: [size] });
  };

  /** False where the store did not take all that was answered until now, or takes too long. */
  const flush = async (): Promise<boolean> => {
    let isWritten = false;
    const writing = Promise.all([describer.flush(), measurer.flush()]).then(async () => {
      isWritten = await buffer.flush();
    });
    await endsWithin(writing, flushMs);
    return isWritten;
  };

  const knownLabels = async (prediction: LoggedPrediction): Promise<readonly string[]> =>
    host.byVersion(prediction.version)?.info.labels ?? labelsOf(prediction, await describer.modelsWith(prediction));

  const take = async ({ requestId, position, label, keyId }: GivenFeedback): Promise<LoggedPrediction> => {
    const isWritten = await flush();
    const found = await log.find(requestId);
    const rows = found.filter((one) => one.position === position && one.keyId === keyId);
    const prediction = answeredOf(rows);
    if (prediction === undefined) throw isWritten ? unknownPrediction(requestId, position) : notWritten(log.location);
    const known = await knownLabels(prediction);
    if (!known.includes(label)) throw unknownLabel(label, known);
    const before = (await log.feedbackFor(requestId)).filter((one) => one.position === position);
    await log.addFeedback([
      {
        feedbackId: randomUUID(),
        requestId,
        position,
        label,
        // Later than what was said before, whatever the clock says.
        timeMs: Math.max(Date.now(), ...before.map(({ timeMs }) => timeMs + 1)),
        ...(keyId !== undefined && { keyId }),
      },
    ]);
    metrics.labelled({ ...prediction, isRight: label === prediction.label });
    return prediction;
  };

  return {
    observe,
    compared,
    take,
    get waiting() {
      return buffer.waiting + measurer.waiting;
    },
    async close() {
      clearInterval(cleaning);
      await drift?.close();
      await endsWithin(Promise.all([describer.flush(), measurer.close()]), closeMs);
      await buffer.close(closeMs);
      await log.close();
    },
  };
}

interface RecordedAnswer extends Pick<LoggedPrediction, "requestId" | "position" | "timeMs" | "latencyMs"> {
  readonly keyId: string | undefined;
  readonly prediction: PredictedClass;
}

function notWritten(location: string): AppError {
  return new AppError("PREDICTION_LOG_UNAVAILABLE", {
    required: "a prediction log that takes what was answered",
    received: "one that takes too long, or is away",
    where: location,
    hint: "send the feedback again later",
  });
}

function unknownPrediction(requestId: string, position: number): AppError {
  return new AppError("PREDICTION_UNKNOWN", {
    required: "the id of a request whose prediction is in the log",
    received: `${JSON.stringify(requestId)}, picture ${position}`,
    where: "request_id",
    hint: "send the request_id of an answer; predictions are kept for a time",
  });
}

function unknownLabel(label: string, known: readonly string[]): AppError {
  return new AppError("LABEL_UNKNOWN", {
    required: `one of the labels ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", …" : ""}`,
    received: JSON.stringify(label),
    where: "label",
  });
}
