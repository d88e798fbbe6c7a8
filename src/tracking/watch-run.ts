/** Follows a run that somebody else records. */
import { setTimeout as pause } from "node:timers/promises";
import { throwIfCancelled } from "../base/cancel.ts";
import { isAppError } from "../base/errors.ts";
import { byTelling, isSystemKey, metricGoal } from "./metric-keys.ts";
import type { MetricPoint, Run } from "./run.ts";
import type { RunStore } from "./run-store.ts";

/** How far a run is. */
export interface RunProgress {
  /** With the last point of each metric. */
  readonly run: Run;
  readonly hasEnded: boolean;
  /** Epochs that are done, and those that were asked for, where the run tells. */
  readonly epoch: number | undefined;
  readonly epochs: number | undefined;
  /** Steps that are done, from `batch/loss`. */
  readonly step: number | undefined;
  /** By what the last epoch took; it may stop before. */
  readonly remainingMs: number | undefined;
  /** The most telling metric with several points, by step. */
  readonly curve: { readonly key: string; readonly points: readonly MetricPoint[] } | undefined;
}

export interface WatchRunOptions {
  /** Between two looks; default 2000. */
  readonly intervalMs?: number;
  /** How long a store may be away before its error is thrown; default 600,000. */
  readonly patienceMs?: number;
  /** Called when the store is away, and once more for each time that it comes back and goes. */
  readonly onAway?: (error: Error) => void;
  /** Milliseconds since 1970; the clock unless given. */
  readonly now?: () => number;
  readonly signal?: AbortSignal;
}

/**
 * What the run is at once, then whenever that changes, the last time when it has ended. A look reads
 * the last points, and a history only when it has grown.
 * Errors: RUN_NOT_FOUND, those of the store that is away for longer than `patienceMs`; INTERRUPTED.
 */
export async function* watchRun(
  store: Pick<RunStore, "getRun" | "metricHistory">,
  id: string,
  { intervalMs = 2000, patienceMs = 600_000, onAway, now = Date.now, signal }: WatchRunOptions = {},
): AsyncGenerator<RunProgress, void, undefined> {
  let seen = "";
  let curve: RunProgress["curve"];
  let awaySinceMs: number | undefined;
  for (;;) {
    throwIfCancelled(signal);
    try {
      const run = await store.getRun(id);
      const state = stateOf(run);
      if (state !== seen) {
        curve = await curveOf(store, run, curve);
        seen = state;
        yield progressOf(run, curve, now());
      }
      if (hasEnded(run)) return;
      awaySinceMs = undefined;
    } catch (error) {
      if (!isAppError(error, "TRACKING_UNAVAILABLE")) throw error;
      if (awaySinceMs === undefined) onAway?.(error);
      awaySinceMs ??= now();
      if (now() - awaySinceMs > patienceMs) throw error;
    }
    await pause(intervalMs, undefined, signal && { signal });
  }
}

function hasEnded({ status }: Run): boolean {
  return status !== "RUNNING" && status !== "SCHEDULED";
}

/** Differs when anything does that progress is made of. */
function stateOf({ status, metrics }: Run): string {
  const points = [...metrics].filter(([key]) => !isSystemKey(key));
  return `${status} ${points.map(([key, { step, timestampMs }]) => `${key} ${step} ${timestampMs}`).join(" ")}`;
}

async function curveOf(
  store: Pick<RunStore, "metricHistory">,
  run: Run,
  before: RunProgress["curve"],
): Promise<RunProgress["curve"]> {
  const keys = byTelling(run.metrics.keys()).filter(
    (key) => metricGoal(key) !== undefined && run.metrics.get(key)!.step > 0,
  );
  const key = keys.find((name) => !name.startsWith("batch/") && !/^(test|eval)/.test(name)) ?? keys[0];
  if (key === undefined) return undefined;
  const last = run.metrics.get(key)!;
  const known = before?.key === key ? before.points.at(-1) : undefined;
  if (known?.step === last.step && known.timestampMs === last.timestampMs) return before;
  const points = await store.metricHistory(run.id, key);
  return { key, points: points.toSorted((a, b) => a.step - b.step) };
}

function progressOf(run: Run, curve: RunProgress["curve"], nowMs: number): RunProgress {
  const last = run.metrics.get("train_loss") ?? run.metrics.get("val_loss");
  const epochs = Number(run.params.get("epochs") ?? Number.NaN);
  const epoch = last?.step;
  const step = run.metrics.get("batch/loss")?.step;
  const epochMs = 1000 * (run.metrics.get("epoch_seconds")?.value ?? Number.NaN);
  const left = last === undefined ? Number.NaN : epochMs * (epochs - last.step) - (nowMs - last.timestampMs);
  return {
    run,
    hasEnded: hasEnded(run),
    epoch,
    epochs: Number.isFinite(epochs) ? epochs : undefined,
    step,
    remainingMs: hasEnded(run) || !Number.isFinite(left) ? undefined : Math.max(0, left),
    curve,
  };
}
