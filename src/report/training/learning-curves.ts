/** The section of a page on how a model learned: loss, accuracy and learning rate over epochs. */
import type { TopLevelSpec } from "vega-lite";
import type { BundleHistory } from "../../bundle/bundle.ts";
import { colours, frame, legendFor } from "../charts/spec-parts.ts";
import { chartHtml, countOf } from "../page/elements.ts";
import { html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";

type Epoch = BundleHistory[number];

/** `bestEpoch` is the one whose weights were kept, where it is known. */
export async function learningSection(
  history: BundleHistory | undefined,
  bestEpoch: unknown,
): Promise<PageSection | undefined> {
  const last = history?.at(-1);
  if (history === undefined || last === undefined) return undefined;
  const best = history.find(({ epoch }) => epoch === bestEpoch);
  const [loss, accuracy, rate] = learningCharts(history, best?.epoch);
  return {
    id: "learning",
    title: "Learning curves",
    body: html`<p>${countOf(last.epoch, "epoch")}.${
      best !== undefined &&
      ` The weights of epoch ${best.epoch}, with the best validation, were kept: the dashed line. Its accuracy on the validation split was ${(100 * best.validationAccuracy).toFixed(2)} %.`
    } <span class="muted">Training is measured during an epoch, on pictures as they were varied; validation after it.</span></p>
<div class="charts">${await chartHtml("Loss", loss)}${await chartHtml("Accuracy", accuracy)}${await chartHtml("Learning rate", rate, "At the end of each epoch.")}</div>`,
  };
}

/** Loss, accuracy and learning rate over epochs. */
export function learningCharts(
  history: BundleHistory,
  bestEpoch: number | undefined,
): readonly [loss: TopLevelSpec, accuracy: TopLevelSpec, rate: TopLevelSpec] {
  const splits = (validation: keyof Epoch, train: keyof Epoch) =>
    [
      ["validation", validation],
      ["training", train],
    ] as const;
  return [
    epochChart(history, bestEpoch, "loss", "~g", splits("validationLoss", "trainLoss")),
    epochChart(history, bestEpoch, "accuracy", "~%", splits("validationAccuracy", "trainAccuracy")),
    epochChart(history, bestEpoch, "learning rate", "~g", [["learning rate", "learningRate"]]),
  ];
}

function epochChart(
  history: BundleHistory,
  bestEpoch: number | undefined,
  title: string,
  format: string,
  series: readonly (readonly [name: string, figure: keyof Epoch])[],
): TopLevelSpec {
  const names = series.map(([name]) => name);
  const values = series.flatMap(([name, figure]) =>
    history.map((row) => ({ epoch: row.epoch, value: row[figure], name })),
  );
  const x = {
    field: "epoch",
    type: "quantitative",
    scale: { nice: false, zero: false },
    axis: { title: "epoch", format: "d", tickMinStep: 1, tickCount: 6, grid: false },
  } as const;
  return {
    ...frame(`${title} over ${countOf(history.at(-1)?.epoch ?? 0, "epoch")}: ${names.join(" and ")}`, 220),
    layer: [
      {
        data: { values: bestEpoch === undefined ? [] : [{ epoch: bestEpoch }] },
        mark: { type: "rule", color: "currentColor", opacity: 0.5, strokeDash: [4, 4] as number[] },
        encoding: { x },
      },
      {
        data: { values },
        // A line through a single epoch could not be seen.
        mark: { type: "line", strokeWidth: 1.75, ...(history.length < 2 && { point: true }) },
        encoding: {
          x,
          y: {
            field: "value",
            type: "quantitative",
            scale: { zero: false },
            axis: { title, format, tickCount: 5 },
          },
          color: { field: "name", type: "nominal", scale: colours(names), legend: legendFor(names) },
        },
      },
    ],
  };
}
