/** A training as people follow it: what was found, what was chosen, how each epoch went. */
import { formatBytes, formatDuration, formatRate } from "../../base/quantity.ts";
import type { DatasetSummary } from "../../dataset/dataset-summary.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { EpochMetrics } from "../../train/fit/fit-options.ts";
import type { Choice } from "../../train/plan/train-plan.ts";
import type { TrainEvent, TrainReport } from "../../train/train.ts";
import type { CommandContext } from "../frame/command.ts";
import { alignRows, type Style, table } from "../frame/console.ts";
import { percent } from "./evaluation-text.ts";

const kindNames: Readonly<Record<SourceKind, string>> = {
  folder: "a folder of pictures",
  archive: "an archive of pictures",
  idx: "idx files",
  cifar: "CIFAR-10 files",
  manifest: "a manifest of pictures",
  s3: "pictures in an object store",
};

/**
 * Tells a training's events as they come: what is chosen on standard output, epochs among the
 * progress.
 */
export function createTrainingTeller({ stdout, json, logger, style }: CommandContext): (event: TrainEvent) => void {
  const say = (text: string): void => {
    if (!json) stdout(`${text}\n`);
  };
  const choices: Choice[] = [];
  return (event) => {
    if (event.type === "opened") {
      choices.push(...event.plan.choices);
      say(`${style.bold("Data")}  ${event.location}: ${kindNames[event.kind]}`);
    }
    if (event.type === "packed") {
      choices.push(...event.plan.choices);
      say(`\n${summaryText(event.summary)}\n\n${style.bold("Chosen")}\n${choicesText(choices, style)}\n`);
    }
    if (event.type === "epoch") logger.info(epochText(event));
    if (event.type === "trained" && event.end === "stopped-early") {
      logger.info(`stopped early: no better validation since epoch ${event.bestEpoch}`);
    }
  };
}

/** A row for each class, with its pictures in each split. */
export function summaryText({ pictures, classes, skipped, duplicates }: DatasetSummary): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const total = (split: "train" | "val" | "test") => classes.reduce((sum, row) => sum + row[split], 0);
  const rows = classes.map(({ label, train, val, test }) => [label, `${train}`, `${val}`, `${test}`]);
  const notes = [
    skipped > 0 ? `${skipped} skipped` : undefined,
    duplicates > 0 ? `${duplicates} exact copies, kept on one side` : undefined,
  ].filter((note) => note !== undefined);
  return [
    table(
      ["CLASS", right("TRAIN"), right("VALIDATE"), right("TEST")],
      [...rows, ["all", `${total("train")}`, `${total("val")}`, `${total("test")}`]],
    ),
    `${pictures} pictures${notes.length > 0 ? `; ${notes.join("; ")}` : ""}`,
  ].join("\n");
}

export function choicesText(choices: readonly Choice[], style: Style): string {
  return alignRows(choices.map(({ setting, value, reason }) => [`  ${setting}`, value, style.dim(reason)]));
}

/** One line: losses and accuracies of both splits, speed, and what is left. */
export function epochText(event: Extract<TrainEvent, { type: "epoch" }>): string {
  const { metrics, isBest, epochs, remainingMs } = event;
  const { epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, imagesPerSecond }: EpochMetrics =
    metrics;
  const place = epochs === undefined ? `${epoch}` : `${`${epoch}`.padStart(`${epochs}`.length)}/${epochs}`;
  return [
    `epoch ${place}`,
    `loss ${trainLoss.toFixed(4)}`,
    `accuracy ${percent(trainAccuracy)}`,
    `| validation loss ${validationLoss.toFixed(4)}`,
    `accuracy ${percent(validationAccuracy)}${isBest ? " *" : "  "}`,
    `| ${formatRate(imagesPerSecond, "images")}`,
    ...(epochs === undefined || epoch < epochs ? [`${formatDuration(remainingMs)} left`] : []),
  ].join("  ");
}

/** Where the bundle is, and what it took. */
export function bundleText(
  { bundle, bestEpoch, history, durationMs }: TrainReport,
  path: string,
  style: Style,
): string {
  const took = `${history.length} ${history.length === 1 ? "epoch" : "epochs"}, the best one ${bestEpoch}, ${formatDuration(durationMs)} in all`;
  return `${style.bold("Bundle")}  ${path} (${formatBytes(bundle.sizeBytes)}; ${took})`;
}

/** What `--json` and `--history` give of a training. */
export function trainResult(report: TrainReport) {
  const { bundle, summary, choices, history, end, bestEpoch, evaluation, durationMs } = report;
  const { labels, recipe, architecture, lineage } = bundle.info;
  return {
    bundle: { path: bundle.path, sizeBytes: bundle.sizeBytes, sha256: bundle.sha256 },
    labels,
    recipe,
    architecture,
    lineage,
    dataset: summary,
    choices,
    history,
    end,
    bestEpoch,
    evaluation,
    durationMs: Math.round(durationMs),
  };
}
