/** Axes of shares, and names of classes, in an evaluation's charts. */
import { shortenText, visibleText } from "../../base/visible-text.ts";

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
