/**
 * The service's Prometheus metrics: base units, and no label whose values a caller could choose.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type ModelRole, modelRoles } from "../contract/model-routes.ts";
import type { ConnectionEnd } from "../http/connection-table.ts";
import type { RequestContext } from "../http/request-context.ts";
import type { ServedModel } from "../serving/served-model.ts";
import type { ShadowComparison } from "../serving/shadow.ts";
import { driftMetrics } from "./drift-metrics.ts";
import type { DriftVerdict } from "./drift-watch.ts";
import { type LabelledAnswer, labelMetrics } from "./label-metrics.ts";

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** Values that are read at each scrape. */
export interface Gauges {
  readonly queuedPictures: () => number;
  readonly waitingRequests: () => number;
  readonly isReady: () => boolean;
  readonly unwrittenPredictions: () => number;
  readonly unwrittenPictures: () => number;
}

export interface Metrics {
  /** Counts one answer; `route` is the contract's path, or `unknown`. */
  answered(route: string, method: string, status: number, context: RequestContext, totalMs: number): void;
  predicted(label: string, confidence: number): void;
  ranBatch(pictures: number): void;
  compared(comparison: Pick<ShadowComparison, "isSame" | "difference">): void;
  skippedComparison(): void;
  challengerFailed(): void;
  /** Predictions were written to their log. */
  logged(predictions: number): void;
  /** Predictions were dropped: their log was away for too long. */
  unlogged(predictions: number): void;
  /** Somebody said what a picture is, of which this was predicted. */
  labelled(prediction: LabelledAnswer): void;
  /** A window of a version's answers was tested. */
  testedDrift(version: string, verdict: DriftVerdict): void;
  keptPicture(): void;
  /** Pictures of the sample were dropped: their store was away or too slow. */
  droppedPictures(pictures: number): void;
  endedConnection(reason: ConnectionEnd): void;
  serves(role: ModelRole, model: ServedModel, before: ServedModel | undefined): void;
  /** A bundle could not take its role. */
  failedSwap(role: ModelRole): void;
  /** Prometheus' text format. */
  render(): Promise<string>;
  readonly contentType: string;
  close(): void;
}

export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const { requests, errors, durations, ended } = requestMetrics(registers);
  const { phases, batches, predictions, confidence } = predictionMetrics(registers);
  const { info, swaps, failedSwaps, referenceAccuracy } = modelMetrics(registers);
  const { comparisons, differences, challengerFailures } = shadowMetrics(registers);
  const { written, dropped, kept, droppedPictures } = logMetrics(registers);
  const drift = driftMetrics(registers);
  const labels = labelMetrics(registers);
  const closeGauges = registerGauges(registers, gauges);
  // Looked up once: these are observed at every prediction.
  const phaseChildren = {
    decode: phases.labels("decode"),
    queue: phases.labels("queue"),
    inference: phases.labels("inference"),
    total: phases.labels("total"),
  };
  return {
    answered(route, method, status, context, totalMs) {
      requests.labels(route, method, String(status)).inc();
      durations.labels(route).observe(totalMs / 1000);
      if (context.errorCode !== undefined) errors.labels(context.errorCode).inc();
      if (context.outcome === undefined) return;
      for (const phase of ["decode", "queue", "inference"] as const) {
        const ms = context.phases[phase];
        if (ms !== undefined) phaseChildren[phase].observe(ms / 1000);
      }
      phaseChildren.total.observe(totalMs / 1000);
    },
    predicted(label, probability) {
      predictions.labels(label).inc();
      confidence.observe(probability);
    },
    ranBatch: (pictures) => batches.observe(pictures),
    compared({ isSame, difference }) {
      comparisons.labels(isSame ? "same" : "different").inc();
      differences.observe(Math.abs(difference));
    },
    skippedComparison: () => comparisons.labels("skipped").inc(),
    challengerFailed: () => challengerFailures.inc(),
    logged: (count) => written.inc(count),
    unlogged: (count) => dropped.inc(count),
    labelled: labels.labelled,
    testedDrift: drift.tested,
    keptPicture: () => kept.inc(),
    droppedPictures: (count) => droppedPictures.inc(count),
    endedConnection: (reason) => ended.labels(reason).inc(),
    serves(role, model, before) {
      if (before) {
        info.remove(infoLabels(role, before));
        referenceAccuracy.remove(role, before.version);
      }
      info.set(infoLabels(role, model), 1);
      const { reference } = model.info;
      if (reference) referenceAccuracy.set({ role, version: model.version }, reference.accuracy);
      // What was found of another champion says nothing of this one.
      if (role === "champion") drift.forget();
      swaps.labels(role).inc();
    },
    failedSwap: (role) => failedSwaps.labels(role).inc(),
    render: () => registry.metrics(),
    contentType: registry.contentType,
    close() {
      closeGauges();
      registry.clear();
    },
  };
}

function requestMetrics(registers: Registry[]) {
  return {
    requests: new Counter({
      name: "pawprint_http_requests_total",
      help: "Requests answered, by route, method and status",
      labelNames: ["route", "method", "status"],
      registers,
    }),
    errors: new Counter({
      name: "pawprint_errors_total",
      help: "Requests refused or failed, by error code",
      labelNames: ["code"],
      registers,
    }),
    durations: new Histogram({
      name: "pawprint_http_request_duration_seconds",
      help: "Time from a request's first byte to its answer, by route",
      labelNames: ["route"],
      buckets: seconds,
      registers,
    }),
    ended: new Counter({
      name: "pawprint_connections_ended_total",
      help: "Connections ended to make room (idle, slow), refused, or stalled while they were answered",
      labelNames: ["reason"],
      registers,
    }),
  };
}

function predictionMetrics(registers: Registry[]) {
  return {
    phases: new Histogram({
      name: "pawprint_prediction_duration_seconds",
      help: "Time of predictions by phase: decode, queue, inference, total",
      labelNames: ["phase"],
      buckets: seconds,
      registers,
    }),
    batches: new Histogram({
      name: "pawprint_batch_pictures",
      help: "Pictures that went through the model together",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    }),
    predictions: new Counter({
      name: "pawprint_predictions_total",
      help: "Pictures answered, by predicted class",
      labelNames: ["label"],
      registers,
    }),
    confidence: new Histogram({
      name: "pawprint_prediction_confidence",
      help: "Probability of the predicted class",
      buckets: shares,
      registers,
    }),
  };
}

function modelMetrics(registers: Registry[]) {
  const failedSwaps = new Counter({
    name: "pawprint_model_swap_failures_total",
    help: "Times a bundle was tried and could not take its role",
    labelNames: ["role"],
    registers,
  });
  // A rate needs the zero before the first failure.
  for (const role of modelRoles) failedSwaps.labels(role).inc(0);
  return {
    info: new Gauge({
      name: "pawprint_model_info",
      help: "1 for each model that serves",
      labelNames: ["name", "version", "role", "dataset_hash", "run_id", "git_commit"],
      registers,
    }),
    swaps: new Counter({
      name: "pawprint_model_swaps_total",
      help: "Times a role was given another model",
      labelNames: ["role"],
      registers,
    }),
    failedSwaps,
    referenceAccuracy: new Gauge({
      name: "pawprint_model_reference_accuracy",
      help: "Accuracy of a model that serves when it was evaluated, where its bundle has a reference",
      labelNames: ["role", "version"],
      registers,
    }),
  };
}

function shadowMetrics(registers: Registry[]) {
  return {
    comparisons: new Counter({
      name: "pawprint_shadow_comparisons_total",
      help: "Answers of the challenger held against the champion's: same or different class, or skipped",
      labelNames: ["result"],
      registers,
    }),
    differences: new Histogram({
      name: "pawprint_shadow_confidence_difference",
      help: "How far the challenger's probability of the champion's class is from the champion's, absolute",
      buckets: [0.001, 0.01, 0.05, 0.1, 0.2, 0.5],
      registers,
    }),
    challengerFailures: new Counter({
      name: "pawprint_shadow_failures_total",
      help: "Pictures that the challenger failed to answer",
      registers,
    }),
  };
}

function logMetrics(registers: Registry[]) {
  return {
    written: new Counter({
      name: "pawprint_prediction_log_written_total",
      help: "Predictions written to their log",
      registers,
    }),
    dropped: new Counter({
      name: "pawprint_prediction_log_dropped_total",
      help: "Predictions that their log had no room for",
      registers,
    }),
    kept: new Counter({
      name: "pawprint_kept_pictures_total",
      help: "Answered pictures that were kept",
      registers,
    }),
    droppedPictures: new Counter({
      name: "pawprint_kept_pictures_dropped_total",
      help: "Answered pictures that were to be kept and could not be",
      registers,
    }),
  };
}

/** Registers what is read at each scrape; the function that comes back ends it. */
function registerGauges(
  registers: Registry[],
  { queuedPictures, waitingRequests, isReady, unwrittenPredictions, unwrittenPictures }: Gauges,
): () => void {
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge("pawprint_queue_pictures", "Pictures let in and not yet answered", queuedPictures);
  gauge("pawprint_queue_requests", "Requests that wait for the model", waitingRequests);
  gauge("pawprint_prediction_log_waiting", "Predictions that wait to be written to their log", unwrittenPredictions);
  gauge("pawprint_kept_pictures_waiting", "Answered pictures that wait to be kept", unwrittenPictures);
  gauge("pawprint_ready", "1 while requests are welcome", () => (isReady() ? 1 : 0));
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  gauge("pawprint_event_loop_lag_seconds", "99th percentile of the event loop's delay since the last scrape", () => {
    const value = lag.percentile(99) / 1e9;
    lag.reset();
    return Number.isFinite(value) ? value : 0;
  });
  return () => lag.disable();
}

function infoLabels(role: ModelRole, { name, version, info }: ServedModel) {
  const { datasetHash, runId, gitCommit = "" } = info.lineage;
  return { name, version, role, dataset_hash: datasetHash, run_id: runId, git_commit: gitCommit };
}
