/** What the last window of the champion's answers says of drift, as metrics. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { DriftVerdict } from "./drift-watch.ts";

export interface DriftMetrics {
  tested(version: string, verdict: DriftVerdict): void;
  /** Nothing is known of the model that serves now. */
  forget(): void;
}

export function driftMetrics(registers: Registry[]): DriftMetrics {
  const ofVersion = (name: string, help: string) => new Gauge({ name, help, labelNames: ["version"], registers });
  const ofTest = (name: string, help: string) => new Gauge({ name, help, labelNames: ["version", "name"], registers });
  const detected = ofVersion(
    "pawprint_drift_detected",
    "1 where the last window of the champion's answers differs from the reference of its bundle",
  );
  const statistics = ofTest("pawprint_drift_statistic", "How far the last window is from the reference, by test");
  const thresholds = ofTest("pawprint_drift_threshold", "What a test's statistic exceeds by chance alone");
  const expected = ofVersion(
    "pawprint_expected_accuracy",
    "Accuracy of the last window by calibrated confidences; none where drift says that they need not hold",
  );
  const windows = new Counter({
    name: "pawprint_drift_windows_total",
    help: "Windows of answers that were tested, by what was found: clean or drift",
    labelNames: ["result"],
    registers,
  });
  // A rate needs the zero before the first one.
  for (const result of ["clean", "drift"]) windows.labels(result).inc(0);
  const forget = (): void => {
    for (const gauge of [detected, statistics, thresholds, expected]) gauge.reset();
  };
  return {
    tested(version, { hasDrifted, tests, accuracy }) {
      // A test that this window lacks must not stay from the one before.
      forget();
      detected.set({ version }, hasDrifted ? 1 : 0);
      for (const { name, statistic, threshold } of tests) {
        statistics.set({ version, name }, statistic);
        thresholds.set({ version, name }, threshold);
      }
      if (accuracy.isKnown) expected.set({ version }, accuracy.accuracy);
      windows.labels(hasDrifted ? "drift" : "clean").inc();
    },
    forget,
  };
}
