/** The texts of a training: its data, its choices, its epochs, its bundle. */

import { formatBytes, formatDuration, formatRate } from "../../base/quantity.ts";
import { shellPath } from "../../base/shell-word.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { DatasetSummary } from "../../dataset/dataset-summary.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import { epochLabel, type TrainingBudget } from "../../train/fit/fit-plan.ts";
import type { Choice } from "../../train/plan/choice.ts";
import type { TrainEvent } from "../../train/train.ts";
import type { RecordedRun, TrainReport } from "../../wire/recording.ts";
import type { CommandContext } from "../frame/command.ts";
import { type Style, table } from "../frame/console.ts";
import { shownName, shownPath } from "../paths.ts";
import { choicesText } from "./choices-text.ts";
import { percent } from "./evaluation-text.ts";

const kindNames: Readonly<Record<SourceKind, string>> = {
  folder: "a folder of pictures",
  archive: "an archive of pictures",
  idx: "idx files",
  cifar: "CIFAR-10 files",
  manifest: "a manifest of pictures",
  s3: "pictures in an object store",
  version: "a version of tracked pictures",
};

/** Prints a training's events: data and choices to standard output, epochs to the log. */
export function createEventPrinter({
  stdout,
  json,
  quiet,
  now,
  logger,
  style,
}: CommandContext): (event: TrainEvent) => void {
  const say = (text: string): void => {
    if (!json && !quiet) stdout(`${text}\n`);
  };
  const choices: Choice[] = [];
  return (event) => {
    if (event.type === "opened") {
      choices.push(...event.plan.choices);
      say(`${style.bold("Data")}  ${visibleText(event.location)}: ${kindNames[event.kind]}`);
    }
    if (event.type === "packed") {
      choices.push(...event.plan.choices);
      say(`\n${summaryText(event.summary)}\n\n${style.bold("Chosen")}\n${choicesText(choices, style)}\n`);
    }
    if (event.type === "estimated") {
      const end = endText(event, now());
      if (end !== undefined) logger.info(end);
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

/** "12 epochs", "20 m 00 s". */
export function budgetText(budget: TrainingBudget): string {
  return "epochs" in budget ? `${budget.epochs} epochs` : formatDuration(budget.timeMs);
}

type EpochEvent = Extract<TrainEvent, { readonly type: "epoch" }>;

/** When the command ends, and what its time goes into: "ends about 14:35:10: 60 s of training...". */
export function endText(
  { trainingMs, evaluationMs }: Extract<TrainEvent, { readonly type: "estimated" }>,
  nowMs: number,
): string | undefined {
  if (trainingMs === undefined) return undefined;
  const end = new Date(nowMs + trainingMs + evaluationMs).toTimeString().slice(0, 8);
  return `ends about ${end}: ${formatDuration(trainingMs)} of training, validation included, then about ${formatDuration(evaluationMs)} of evaluation`;
}

/** One line: losses and accuracies of both splits, speed, and the time left until the evaluation is done. */
export function epochText({ metrics, isBest, budget, remainingMs, evaluationMs }: EpochEvent): string {
  const { epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, imagesPerSecond } = metrics;
  const isLast = "epochs" in budget && epoch >= budget.epochs;
  const width = "epochs" in budget ? epochLabel(budget.epochs, budget).length : 0;
  return [
    epochLabel(epoch, budget).padEnd(width),
    `loss ${trainLoss.toFixed(4)}`,
    `accuracy ${percent(trainAccuracy)}`,
    `| validation loss ${validationLoss.toFixed(4)}`,
    `accuracy ${percent(validationAccuracy)}${isBest ? " *" : "  "}`,
    `| ${formatRate(imagesPerSecond, "images")}`,
    ...(isLast ? [] : [`${formatDuration(remainingMs + evaluationMs)} left`]),
  ].join("  ");
}

/** Where the bundle is, and how long it took. */
export function bundleText(
  { bundle, bestEpoch, history, durationMs }: TrainReport,
  path: string,
  style: Style,
): string {
  const took = `${history.length} ${history.length === 1 ? "epoch" : "epochs"}, the best one ${bestEpoch}, ${formatDuration(durationMs)} in all`;
  return `${style.bold("Bundle")}  ${visibleText(path)} (${formatBytes(bundle.sizeBytes)}; ${took})`;
}

/** Where the run is, and what shows it. */
export function recordedText(
  { location, experiment, experimentId, runId }: RecordedRun,
  { cwd, style }: Pick<CommandContext, "cwd" | "style">,
  givenPlace: string | undefined,
): string {
  const isServer = /^https?:/.test(location);
  const short = runId.slice(0, 8);
  const place = givenPlace === undefined ? "" : ` --tracking-uri ${shellPath(givenPlace)}`;
  const isKept = experimentId === undefined; // for a server, which finds it by the whole id alone
  const shown =
    isServer && !isKept
      ? `${location}/#/experiments/${experimentId}/runs/${runId}`
      : `pawprint runs show ${isKept ? runId : short}${place}`;
  const where = visibleText(
    `${short} of experiment ${shownName(experiment)} in ${isServer ? location : shownPath(cwd, location)}`,
  );
  return `${style.bold("Run")}     ${where}: ${style.cyan(visibleText(shown))}`;
}

/** What `--json` and `--history` give of a training. */
export function trainResult(report: TrainReport) {
  const { run, recorded, bundle, summary, choices, history, end, bestEpoch, evaluation, durationMs } = report;
  const { labels, recipe, architecture, lineage } = bundle.info;
  return {
    run,
    ...(recorded && { recorded }),
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
