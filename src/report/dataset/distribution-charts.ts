/** Charts of how a dataset's pictures differ: sizes, brightness, formats. */
import { formatBytes } from "../../base/quantity.ts";
import type { DecodedFacts, Inspection } from "../../dataset/inspection/findings/findings.ts";
import { summarizePictures } from "../../dataset/inspection/statistics.ts";
import { formatNames as pictureFormatNames } from "../../image/format.ts";
import { barChart, stackedBarChart } from "../charts/bar-chart.ts";
import { type AxisTick, histogram } from "../charts/histogram.ts";
import { scatterChart } from "../charts/scatter-chart.ts";
import { theme } from "../charts/theme.ts";
import { chartHtml, countOf, listText } from "../page/elements.ts";
import type { Html } from "../page/html.ts";

/**
 * A picture that could be decoded, with the name of its series: its class, or what stands for the
 * smaller classes.
 */
export interface Measured extends DecodedFacts {
  readonly label: string;
  readonly series: string;
  readonly sizeBytes: number;
}

type Measure = (picture: Measured) => number;

/** More classes than there are colours are drawn as bars of means. */
export const maxSeries = theme.light.series.length;
const maxMeanBars = 24;

export function sizeChart(pictures: readonly Measured[]): Promise<Html> {
  const spec = scatterChart({
    description: `Widths and heights of ${countOf(pictures.length, "picture")} by class: ${rangeOf(pictures, ({ width }) => width)} by ${rangeOf(pictures, ({ height }) => height)} pixels`,
    points: pictures.map(({ width, height, series }) => ({ x: width, y: height, series })),
    xTitle: "width in pixels",
    yTitle: "height in pixels",
  });
  return chartHtml("Width and height", spec, "Larger marks stand for more pictures.");
}

const aspectTicks: readonly AxisTick[] = [
  { value: 1 / 8, label: "1:8" },
  { value: 1 / 4, label: "1:4" },
  { value: 1 / 2, label: "1:2" },
  { value: 3 / 4, label: "3:4" },
  { value: 1, label: "1:1" },
  { value: 4 / 3, label: "4:3" },
  { value: 2, label: "2:1" },
  { value: 4, label: "4:1" },
  { value: 8, label: "8:1" },
];

export function aspectChart(pictures: readonly Measured[]): Promise<Html> {
  const spec = histogram({
    description: `Histogram of width divided by height of ${countOf(pictures.length, "picture")}`,
    series: [{ label: "", values: pictures.map(aspectOf) }],
    valueTitle: "width : height",
    scale: "log",
    ticks: aspectTicks,
  });
  return chartHtml("Aspect ratio", spec);
}

/** Sizes that differ by orders of magnitude would be one bar on a linear scale. */
const maxLinearRatio = 20;

export function fileSizeChart(pictures: readonly Measured[]): Promise<Html> {
  const { sizes } = summarizePictures(
    pictures.map(({ sizeBytes, label, ...decoded }) => ({ id: "", hash: "", label, sizeBytes, decoded })),
  );
  const { min, median, max } = sizes!.bytes; // there is a picture
  const spec = histogram({
    description: `Histogram of file sizes: ${formatBytes(min)} to ${formatBytes(max)}, median ${formatBytes(median)}`,
    series: [{ label: "", values: pictures.map(({ sizeBytes }) => sizeBytes) }],
    valueTitle: "size of the file",
    format: "short",
    unit: "B",
    scale: max > maxLinearRatio * median ? "log" : "linear",
  });
  return chartHtml("File size", spec);
}

/**
 * A classifier may learn brightness where classes differ in it: outlines of each class, or means
 * where there are many.
 */
export function brightnessChart(pictures: readonly Measured[], { classes }: Inspection): Promise<Html> {
  const title = "Brightness by class";
  if (classes.length <= maxSeries) {
    const labels = [...new Set(pictures.map(({ series }) => series))];
    const spec = histogram({
      description: `Histograms of mean luma of ${countOf(labels.length, "class", "classes")}`,
      series: labels.map((label) => ({
        label,
        values: pictures.filter(({ series }) => series === label).map(({ brightness }) => brightness),
      })),
      valueTitle: "mean luma, 0 to 255",
    });
    return chartHtml(title, spec);
  }
  const decoded = new Set(pictures.map(({ label }) => label));
  const sorted = classes
    .filter(({ label }) => decoded.has(label))
    .toSorted((a, b) => a.brightnessMean - b.brightnessMean);
  const isCut = sorted.length > maxMeanBars;
  const shown = isCut ? [...sorted.slice(0, maxMeanBars / 2), ...sorted.slice(-maxMeanBars / 2)] : sorted;
  const spec = barChart({
    description: `Mean luma of ${countOf(shown.length, "class", "classes")}, darkest first`,
    bars: shown.map(({ label, brightnessMean }) => ({ label, value: Math.round(brightnessMean) })),
    valueTitle: "mean luma, 0 to 255",
  });
  return chartHtml(
    title,
    spec,
    isCut ? `The ${maxMeanBars / 2} darkest and the ${maxMeanBars / 2} brightest classes.` : undefined,
  );
}

export function plainHistogram(
  pictures: readonly Measured[],
  title: string,
  measure: Measure,
  valueTitle: string,
  note?: string,
): Promise<Html> {
  const spec = histogram({
    description: `${title}, ${valueTitle}: ${rangeOf(pictures, measure)} over ${countOf(pictures.length, "picture")}`,
    series: [{ label: "", values: pictures.map(measure) }],
    valueTitle,
  });
  return chartHtml(title, spec, note);
}

export function formatChart(pictures: readonly Measured[]): Promise<Html> {
  const counts = new Map<string, { label: string; series: string; value: number }>();
  for (const picture of pictures) {
    const [label, series] = [formatNames[picture.format], modeOf(picture)];
    const part = counts.get(`${label} ${series}`) ?? { label, series, value: 0 };
    counts.set(`${label} ${series}`, { ...part, value: part.value + 1 });
  }
  const parts = [...counts.values()].sort((a, b) => b.value - a.value);
  const spec = stackedBarChart({
    description: `File formats and colour modes: ${listText(parts.map(({ label, series, value }) => `${value} ${label} ${series}`))}`,
    parts,
    valueTitle: "pictures",
  });
  return chartHtml("Formats", spec);
}

export const formatNames: Readonly<Record<DecodedFacts["format"], string>> = {
  ...pictureFormatNames,
  pixels: "bare pixels",
};

const modeNames: Readonly<Record<DecodedFacts["mode"], string>> = {
  rgb: "RGB",
  grey: "grey",
  cmyk: "CMYK",
  other: "other colours",
};

/** `RGB`, `grey 16-bit`, `RGB with transparency`. */
export function modeOf({ mode, bits, hasAlpha }: Measured): string {
  return `${modeNames[mode]}${bits > 8 ? ` ${bits}-bit` : ""}${hasAlpha ? " with transparency" : ""}`;
}

export function aspectOf({ width, height }: Measured): number {
  return width / height;
}

function rangeOf(pictures: readonly Measured[], measure: Measure): string {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const picture of pictures) {
    min = Math.min(min, measure(picture));
    max = Math.max(max, measure(picture));
  }
  return `${Math.round(min)} to ${Math.round(max)}`;
}
