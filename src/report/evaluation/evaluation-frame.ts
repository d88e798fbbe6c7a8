/**
 * What the charts of an evaluation have in common: their frame, axes of shares, names of classes.
 */
import { chartWidthPx } from "../charts/chart.ts";
import { shortenText, visibleText } from "../page/visible-text.ts";

/** A frame as wide as every chart; `description` says in a sentence what it shows. */
export function frame(description: string, heightPx = 300) {
  return {
    description,
    width: chartWidthPx,
    height: heightPx,
    autosize: { type: "fit-x", contains: "padding" },
  } as const;
}

/** A share from 0 to 1 along an axis. */
export function shareOn(title: string) {
  return {
    type: "quantitative" as const,
    scale: { domain: [0, 1] },
    axis: { format: ".0%", tickCount: 6, title },
  };
}

/** A label as it stands in a chart. */
export function shownLabel(label: string): string {
  return shortenText(visibleText(label), 24);
}
