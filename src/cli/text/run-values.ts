/** Runs and their values as people and programs read them. */
import { formatDuration } from "../../base/quantity.ts";
import type { MetricPoint, Run, RunStatus } from "../../tracking/run.ts";
import type { Style } from "../frame/console.ts";

/** `just now`, `12 min ago`, `5 h ago`, `3 days ago`, then the date; a time to come is a date, too. */
export function startedText(startedMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - startedMs) / 60_000);
  if (minutes < 0 || minutes >= 7 * 24 * 60) return dateText(startedMs);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** `2026-03-14`; a dash for what is no time. */
export function dateText(timeMs: number): string {
  return isTime(timeMs) ? new Date(timeMs).toISOString().slice(0, 10) : "-";
}

/** `2026-03-14 15:09:26 UTC`. */
export function timeText(timeMs: number): string {
  return isTime(timeMs) ? `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")} UTC` : "-";
}

/** The ends of what a Date can hold: a store may say anything. */
function isTime(timeMs: number): boolean {
  return Math.abs(timeMs) <= 8.64e15;
}

/** How long it took; of one that has not ended, until now. */
export function durationText(run: Run, nowMs: number): string {
  return formatDuration((run.endedMs ?? (hasEnded(run.status) ? Number.NaN : nowMs)) - run.startedMs);
}

export function hasEnded(status: RunStatus): boolean {
  return status !== "RUNNING" && status !== "SCHEDULED";
}

export function statusText(run: Run, style: Style): string {
  if (run.lifecycle === "deleted") return style.dim("deleted");
  const text = run.status.toLowerCase();
  if (run.status === "FAILED" || run.status === "KILLED") return style.red(text);
  return run.status === "RUNNING" ? style.cyan(text) : text;
}

/** The fewest characters from 8 on by which each of the ids begins alone. */
export function shortIdLength(ids: readonly string[]): number {
  for (let length = 8; length < 32; length += 2) {
    if (new Set(ids.map((id) => id.slice(0, length))).size === new Set(ids).size) return length;
  }
  return 32;
}

/** JSON has no NaN and no infinities: they are the texts that MLflow's interface uses. */
export function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

export function jsonPoint({ value, step, timestampMs }: MetricPoint): object {
  return { value: jsonNumber(value), step, time: jsonTime(timestampMs) };
}

export function jsonTime(timeMs: number): string | null {
  return isTime(timeMs) ? new Date(timeMs).toISOString() : null;
}

/** A run as `--json` prints it. */
export function jsonRun(run: Run, experiment: string | undefined): object {
  const { id, name, experimentId, status, lifecycle, startedMs, endedMs, user, artifactUri, modelIds } = run;
  return {
    id,
    name,
    experiment: experiment ?? null,
    experimentId,
    status,
    lifecycle,
    startedAt: jsonTime(startedMs),
    endedAt: endedMs === undefined ? null : jsonTime(endedMs),
    durationMs: endedMs === undefined ? null : endedMs - startedMs,
    user,
    artifactUri,
    // fromEntries makes properties of any name, `__proto__` too.
    params: Object.fromEntries(run.params),
    metrics: Object.fromEntries([...run.metrics].map(([key, point]) => [key, jsonPoint(point)])),
    tags: Object.fromEntries(run.tags),
    inputs: run.inputs.map(({ tags, ...input }) => ({ ...input, tags: Object.fromEntries(tags) })),
    models: modelIds,
  };
}
