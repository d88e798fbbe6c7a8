/** What a run keeps of a training beside numbers: the page, the charts, the table of classes. */
import { csvLine } from "../base/csv-line.ts";
import type { ClassMetrics } from "../metrics/classification-metrics.ts";
import type { Executor } from "../runtime/executor.ts";
import type { BundleEvaluation } from "../train/evaluation/evaluate-bundle.ts";
import type { TrainReport } from "../train/train.ts";
import { drawCharts } from "./evaluation-charts.ts";
import { evaluateTrained, trainingPage } from "./reports.ts";

type NamedText = readonly [path: string, text: string];

interface FileOptions {
  readonly executor: Executor;
  readonly names: { readonly bundle: string; readonly data: string };
  readonly signal?: AbortSignal | undefined;
}

/** Files of a training, one after another: each is made when it is asked for. Errors: INTERRUPTED. */
export async function* trainingFiles(trained: TrainReport, options: FileOptions): AsyncGenerator<NamedText> {
  yield classTable(trained.evaluation.classes);
  const { bundle, bestEpoch } = trained;
  const [{ learningCharts }, { renderChart }] = await Promise.all([
    import("../report/training/learning-curves.ts"),
    import("../report/charts/chart.ts"),
  ]);
  const [loss, accuracy, rate] = learningCharts(bundle.info.history ?? [], bestEpoch);
  yield ["charts/loss.svg", await renderChart(loss)];
  yield ["charts/accuracy.svg", await renderChart(accuracy)];
  yield ["charts/learning-rate.svg", await renderChart(rate)];
  const evaluation = await evaluateTrained(trained, options);
  yield* chartFiles(evaluation, "charts/");
  const { names, signal } = options;
  yield ["report.html", await trainingPage(trained, evaluation, { names, ...(signal && { signal }) })];
}

/** `charts/confusion.svg` and its like. */
export async function* chartFiles(evaluation: BundleEvaluation, folder: string): AsyncGenerator<NamedText> {
  for (const [name, svg] of await drawCharts(evaluation)) yield [`${folder}${name}.svg`, `${svg}\n`];
}

export function classTable(classes: readonly ClassMetrics[], folder = "evaluation/"): NamedText {
  const rows = classes.map(({ label, count, precision, recall, f1 }) =>
    csvLine([label, ...[count, precision, recall, f1].map(String)]),
  );
  return [`${folder}classes.csv`, [csvLine(["label", "pictures", "precision", "recall", "f1"]), ...rows].join("")];
}
