/**
 * What charts have in common: frame, names, numbers along an axis, colours and legends of series.
 */
import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "../../base/text-width.ts";
import { shortenText, visibleText } from "../../base/visible-text.ts";
import { chartFontPx, chartWidthPx, legendLimitPx } from "./chart.ts";
import { seriesColour } from "./theme.ts";

export interface ChartText {
  /** One sentence for those who cannot see the chart. */
  readonly description: string;
}

/** Formats of d3-format for axes and figures: `1,234`, `12k`, `45%`. */
export const formats = { number: ",~r", short: "~s", percent: ".0%" } as const;

/** Names in charts: a line each, and no longer than fits beside a chart. */
export function shown(label: string): string {
  return shortenText(visibleText(label), 40);
}

/** As wide as every chart; `description` says in a sentence what it shows. */
export function frame(description: string, heightPx = 300) {
  return {
    description,
    width: chartWidthPx,
    height: heightPx,
    autosize: { type: "fit-x", contains: "padding" },
  } as const;
}

/**
 * Layers of text that lines may cross: a rim in the colour of the page keeps them from running
 * through it.
 */
export function rimmedText<M extends object, R extends object>(mark: M, layer: R) {
  const text = { type: "text", ...mark } as const;
  const rim = { stroke: "var(--background, #ffffff)", strokeWidth: 4, strokeOpacity: 0.85 } as const;
  return [
    { ...layer, mark: { ...text, ...rim } },
    { ...layer, mark: text },
  ] as const;
}

/**
 * A chart with its title inside, for a file of its own; in a page it stands above the chart.
 * `finding` is what the chart comes to, in a few words.
 */
export function titled(spec: TopLevelSpec, text: string, finding?: string): TopLevelSpec {
  return { ...spec, title: { text, ...(finding !== undefined && { subtitle: finding }) } };
}

/** What stands in the place of a chart that has nothing to show. */
export function emptyChart(description: string): TopLevelSpec {
  return {
    ...frame(description, 40),
    data: { values: [{ text: "nothing to show" }] },
    mark: { type: "text", opacity: 0.6 },
    encoding: { text: { field: "text", type: "nominal" } },
  };
}

/** Width of the longest label in pixels. */
export function widestPx(labels: readonly string[]): number {
  return Math.max(...labels.map((label) => textWidth(label) * chartFontPx));
}

/** A field of numbers along an axis. */
export function quantity<T extends object>(field: string, more?: T) {
  return { field, type: "quantitative" as const, ...(more as T) };
}

/** Each series in the colour of its place. */
export function colours(series: readonly string[]) {
  return { domain: [...series], range: series.map((_, at) => seriesColour(at)) };
}

/** As many columns as fit into the width of a chart. */
export function legendFor(series: readonly string[]) {
  if (series.length < 2) return null;
  // 40 pixels are what the symbol and the gaps take.
  const widest = Math.min(legendLimitPx, widestPx(series)) + 40;
  return { columns: Math.max(1, Math.floor(chartWidthPx / widest)) };
}
