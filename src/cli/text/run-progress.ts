/** How far a run is, as a line. */
import { formatDuration } from "../../base/quantity.ts";
import { visibleText } from "../../base/visible-text.ts";
import { metricText } from "../../tracking/metric-text.ts";
import type { RunProgress } from "../../tracking/watch-run.ts";
import { jsonPoint, jsonTime } from "./run-values.ts";
import { sparkline } from "./sparkline.ts";

/** What is shown of a training, with its name in the line. */
const shown = [
  ["val_accuracy", "val_accuracy"],
  ["val_loss", "val_loss"],
  ["train_loss", "train_loss"],
  ["batch/loss", "loss"],
  ["learning_rate", "lr"],
  ["images_per_second", "images/s"],
] as const;
const sparkWidth = 16;

/** `epoch 3/12, step 450, val_accuracy 0.9134, ..., 2 m 10 s left  ▁▃▅▆`. */
export function progressText(progress: RunProgress): string {
  const { epoch, epochs, step, remainingMs } = progress;
  return (
    [
      ...(epoch === undefined ? [] : [`epoch ${epoch}${epochs === undefined ? "" : `/${epochs}`}`]),
      ...(step === undefined ? [] : [`step ${step}`]),
      ...valuesOf(progress),
      ...(remainingMs === undefined ? [] : [`${formatDuration(remainingMs)} left`]),
    ].join(", ") + curveText(progress)
  );
}

/** The metrics and the curve alone, where a bar shows the rest. */
export function progressNote(progress: RunProgress): string {
  return valuesOf(progress).join(", ") + curveText(progress);
}

/** Of a run of another program its first metrics. */
function valuesOf({ run }: RunProgress): readonly string[] {
  const known = shown.flatMap(([key, name]) => {
    const point = run.metrics.get(key);
    return point === undefined ? [] : [`${name} ${metricText(point.value)}`];
  });
  if (known.length > 0) return known;
  return [...run.metrics]
    .slice(0, 4)
    .map(([key, { value, step }]) => `${visibleText(key)} ${metricText(value)} @${step}`);
}

function curveText({ curve }: RunProgress): string {
  if (curve === undefined || curve.points.length < 2) return "";
  return `  ${sparkline(
    curve.points.map(({ value }) => value),
    sparkWidth,
  )}`;
}

export function jsonProgress({ run, hasEnded, epoch, epochs, step, remainingMs }: RunProgress): object {
  return {
    id: run.id,
    name: run.name,
    status: run.status,
    hasEnded,
    startedAt: jsonTime(run.startedMs),
    epoch: epoch ?? null,
    epochs: epochs ?? null,
    step: step ?? null,
    remainingMs: remainingMs === undefined ? null : Math.round(remainingMs),
    metrics: Object.fromEntries([...run.metrics].map(([key, point]) => [key, jsonPoint(point)])),
  };
}
