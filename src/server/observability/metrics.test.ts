import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyModel } from "../../../tests/support/tiny-bundle.ts";
import { RequestContext } from "../http/request-context.ts";
import type { ServedModel } from "../serving/served-model.ts";
import type { DriftVerdict } from "./drift-watch.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

const model = (version: string, accuracy: number) =>
  ({
    name: "pets",
    version,
    info: { ...tinyModel().info, parity: [], reference: { accuracy } },
  }) as unknown as ServedModel;

const verdict = (names: readonly string[], hasDrifted: boolean): DriftVerdict => ({
  hasDrifted,
  kind: hasDrifted ? "pictures" : "none",
  summary: "",
  tests: names.map((name) => ({ name, statistic: 0.25, threshold: 0.125 })),
  accuracy: hasDrifted ? { isKnown: false, reason: "drift" } : { isKnown: true, accuracy: 0.5 },
});

let metrics: Metrics;
let lines: readonly string[] = [];
/** Before the champion is exchanged. */
let before: readonly string[] = [];
beforeAll(async () => {
  metrics = createMetrics({
    queuedPictures: () => 7,
    waitingRequests: () => 3,
    isReady: () => true,
    unwrittenPredictions: () => 0,
    unwrittenPictures: () => 0,
  });
  const good = new RequestContext({}, undefined, 0, 1000);
  good.took("decode", 2);
  good.took("queue", 4);
  good.took("inference", 8);
  good.outcome = { modelVersion: "v1", pictures: 1 };
  metrics.answered("/predict", "POST", 200, good, 20);
  const refused = new RequestContext({}, undefined, 0, 1000);
  refused.errorCode = "OVERLOADED";
  metrics.answered("/predict", "POST", 503, refused, 1);
  metrics.predicted("cat", 0.875);
  metrics.predicted("cat", 0.5);
  metrics.ranBatch(3);
  metrics.compared({ isSame: false, difference: -0.25 });
  metrics.skippedComparison();
  metrics.challengerFailed();
  metrics.serves("champion", model("v1", 0.75), undefined);
  metrics.testedDrift("v1", verdict(["brightness", "width"], true));
  metrics.testedDrift("v1", verdict(["brightness"], false));
  metrics.failedSwap("canary");
  for (const [requestId, isRight] of [
    ["a", true],
    ["b", false],
    ["b", true],
    ["c", false],
  ] as const) {
    metrics.labelled({ requestId, position: 0, version: "v1", isRight });
  }
  before = (await metrics.render()).split("\n");
  metrics.serves("champion", model("v2", 0.875), model("v1", 0.75));
  lines = (await metrics.render()).split("\n");
});
afterAll(() => metrics.close());

it.each([
  'pawprint_http_requests_total{route="/predict",method="POST",status="200"} 1',
  'pawprint_http_requests_total{route="/predict",method="POST",status="503"} 1',
  'pawprint_errors_total{code="OVERLOADED"} 1',
  'pawprint_http_request_duration_seconds_sum{route="/predict"} 0.021',
  'pawprint_prediction_duration_seconds_sum{phase="decode"} 0.002',
  'pawprint_prediction_duration_seconds_sum{phase="queue"} 0.004',
  'pawprint_prediction_duration_seconds_sum{phase="inference"} 0.008',
  'pawprint_prediction_duration_seconds_sum{phase="total"} 0.02',
  'pawprint_prediction_duration_seconds_bucket{le="0.01",phase="inference"} 1',
  'pawprint_predictions_total{label="cat"} 2',
  "pawprint_prediction_confidence_sum 1.375",
  "pawprint_batch_pictures_sum 3",
  "pawprint_queue_pictures 7",
  "pawprint_queue_requests 3",
  "pawprint_ready 1",
  'pawprint_shadow_comparisons_total{result="different"} 1',
  'pawprint_shadow_comparisons_total{result="skipped"} 1',
  "pawprint_shadow_failures_total 1",
  "pawprint_shadow_confidence_difference_sum 0.25",
  'pawprint_model_swaps_total{role="champion"} 2',
  'pawprint_model_swap_failures_total{role="champion"} 0',
  'pawprint_model_swap_failures_total{role="canary"} 1',
  'pawprint_model_reference_accuracy{role="champion",version="v2"} 0.875',
  'pawprint_drift_windows_total{result="clean"} 1',
  'pawprint_drift_windows_total{result="drift"} 1',
  'pawprint_feedback_total{prediction="right"} 2',
  'pawprint_feedback_total{prediction="wrong"} 2',
  'pawprint_labelled_accuracy{version="v1"} 0.6666666666666666',
  'pawprint_labelled_pictures{version="v1"} 3',
  `pawprint_model_info{name="pets",version="v2",role="champion",dataset_hash="${"d".repeat(64)}",run_id="run-1",git_commit=""} 1`,
])("writes %s", (line) => {
  expect(lines).toContain(line);
});

it("tells of the models that serve alone, of the event loop, and of the process", () => {
  expect(lines.filter((line) => line.startsWith("pawprint_model_info{"))).toHaveLength(1);
  expect(lines.some((line) => /^pawprint_event_loop_lag_seconds [\d.e-]+$/.test(line))).toBe(true);
  expect(lines.some((line) => line.startsWith("process_resident_memory_bytes "))).toBe(true);
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});

it("shows the last window of the champion that serves, and nothing of the one before", () => {
  const seen = (of: readonly string[]) =>
    of.filter((line) => /^pawprint_(drift_\w+|expected_accuracy)\{version/.test(line));
  expect(seen(before)).toEqual([
    'pawprint_drift_detected{version="v1"} 0',
    'pawprint_drift_statistic{version="v1",name="brightness"} 0.25',
    'pawprint_drift_threshold{version="v1",name="brightness"} 0.125',
    'pawprint_expected_accuracy{version="v1"} 0.5',
  ]);
  expect(seen(lines)).toEqual([]);
  expect(lines.filter((line) => line.startsWith("pawprint_model_reference_accuracy{"))).toHaveLength(1);
});

it("gives every metric a help text and a base unit", () => {
  const names = lines.filter((line) => line.startsWith("# HELP pawprint_")).map((line) => line.split(" ")[2]!);
  expect(names.length).toBeGreaterThan(12);
  expect(names.filter((name) => /_(ms|milliseconds|percent|kb|mb)(_|$)/.test(name))).toEqual([]);
});
