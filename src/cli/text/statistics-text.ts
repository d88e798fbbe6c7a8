/** The figures of `data stats`, as people read them. */
import { counted, formatBytes } from "../../base/quantity.ts";
import type { DatasetStatistics } from "../../dataset/inspection/statistics.ts";
import { alignRows, bar, rightColumn as right, type Style, table } from "../frame/console.ts";
import { shownName } from "../paths.ts";
import { percent } from "./evaluation-text.ts";
import { classTable } from "./inspection-text.ts";

const barWidth = 20;

/** Every figure of `data stats`, in several tables. */
export function statisticsText(statistics: DatasetStatistics, style: Style): string {
  const { pictures, unreadable, sizeBytes, classes, formats, modes, sizes } = statistics;
  const broken = unreadable > 0 ? `; ${unreadable} cannot be decoded (why: pawprint data check SOURCE)` : "";
  const rows =
    sizes === undefined
      ? []
      : [
          ["width", ...spreadCells(sizes.width, String)],
          ["height", ...spreadCells(sizes.height, String)],
          ["bytes", ...spreadCells(sizes.bytes, formatBytes)],
        ];
  return [
    `${counted(pictures, "picture")}, ${formatBytes(sizeBytes)}, ${counted(classes.length, "class", "classes")}${broken}`,
    "",
    classTable(classes, style),
    "",
    lookTable(classes, style),
    "",
    ...(rows.length > 0 ? [table(["SIZE", right("MIN"), right("MEDIAN"), right("MAX")], rows), ""] : []),
    countsText("FORMAT", formats, style),
    "",
    countsText("MODE", modes, style),
  ].join("\n");
}

function spreadCells(
  { min, median, max }: { readonly min: number; readonly median: number; readonly max: number },
  format: (value: number) => string,
): string[] {
  return [min, median, max].map(format);
}

/**
 * Means of luma, of its deviation and of the difference between channels, each with a bar over its
 * whole range.
 */
function lookTable(classes: DatasetStatistics["classes"], style: Style): string {
  const cells = (value: number, range: number): string[] => [
    value.toFixed(1),
    style.green(bar(value / range, barWidth / 2)),
  ];
  const rows = classes.map((row) => [
    style.bold(shownName(row.label)),
    ...cells(row.brightnessMean, 255),
    ...cells(row.contrastMean, 127.5),
    ...cells(row.colourfulnessMean, 255),
    `rgb(${row.meanColour.map((level) => Math.round(level)).join(", ")})`,
  ]);
  return table(
    ["CLASS", right("BRIGHTNESS"), "", right("CONTRAST"), "", right("COLOURFULNESS"), "", "MEAN COLOUR"],
    rows,
  );
}

function countsText(title: string, counts: Readonly<Record<string, number>>, style: Style): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const rows = Object.entries(counts).map(([name, count]) => [
    name,
    `${count}`,
    percent(count / total, 1),
    style.green(bar(count / total, barWidth)),
  ]);
  return alignRows([[title, "PICTURES", "SHARE"], ...rows], ["left", "right", "right"]);
}
