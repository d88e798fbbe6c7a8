/** The confusion matrix as a Vega-Lite specification. */
import type { TopLevelSpec } from "vega-lite";
import { chartWidthPx } from "../charts/chart.ts";
import { seriesColour } from "../charts/theme.ts";
import { cellAnchor } from "./confusion-gallery.ts";
import type { ModelFigures } from "./facts.ts";
import { shownLabel } from "./share-axis.ts";

/**
 * Matrices of more classes have cells that nobody can see; with fewer, counts fit into the cells.
 */
export const confusionLimits = { classes: 60, counts: 15 } as const;

const densePx = 11;

/**
 * The confusion matrix: rows are the ground truth, columns the predictions, the colour is the
 * share of the row. Cells whose anchors are in `links` lead there.
 */
export function confusionChart(
  { confusion, classes }: ModelFigures["evaluation"],
  links: ReadonlySet<string> = new Set(),
): TopLevelSpec {
  const labels = classes.map(({ label }) => shownLabel(label));
  const values = confusion.flatMap((answers, target) => {
    const total = answers.reduce((sum, count) => sum + count, 0);
    return answers.map((count, answer) => {
      const anchor = cellAnchor({ target, answer });
      const share = total === 0 ? 0 : count / total;
      return { target, answer, count, share, ...(links.has(anchor) && { href: `#${anchor}` }) };
    });
  });
  const names = `${JSON.stringify(labels)}[datum.value]`;
  const isDense = classes.length > confusionLimits.counts;
  const dense = { labelFontSize: 9, labelSeparation: 1 } as const;
  const axis = { labelExpr: names, grid: false, labelLimit: 110, ...(isDense && dense) } as const;
  const href = links.size > 0 && {
    href: { condition: { test: "isValid(datum.href)", field: "href", type: "nominal" as const }, value: "" },
  };
  const sort = classes.map((_, at) => at);
  const x = { field: "answer", type: "ordinal", sort, axis: { ...axis, title: "answered", labelAngle: -40 } } as const;
  const y = { field: "target", type: "ordinal", sort, axis: { ...axis, title: "what it is" } } as const;
  return {
    description: `Confusion matrix of ${classes.length} classes: rows are what pictures are, columns what was answered`,
    width: chartWidthPx - 90,
    // A line of text for each row, where a square would leave names out.
    height: Math.max(Math.min(chartWidthPx - 90, Math.max(120, 34 * classes.length)), densePx * classes.length),
    data: { values },
    layer: [
      {
        mark: { type: "rect", color: seriesColour(0) },
        encoding: {
          x,
          y,
          fillOpacity: {
            field: "share",
            type: "quantitative",
            scale: { type: "sqrt", domain: [0, 1], range: [0.03, 1] },
            legend: null,
          },
          ...href,
        },
      },
      ...(!isDense
        ? [
            {
              mark: { type: "text" as const },
              encoding: {
                x,
                y,
                // The count lies on the cell and takes its clicks.
                ...href,
                text: { field: "count", type: "quantitative" as const, format: ",~r" },
                color: {
                  condition: { test: "datum.share > 0.35", value: "var(--background, #ffffff)" },
                  value: "currentColor",
                },
              },
            },
          ]
        : []),
    ],
  };
}
