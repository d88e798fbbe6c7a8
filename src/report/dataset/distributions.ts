/**
 * The part of a dataset's report that shows how its pictures differ: sizes, light, colour, formats.
 */
import type { Inspection, PictureFacts } from "../../dataset/inspection/findings/findings.ts";
import { countOf, listText } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import type { PageSection } from "../page/page.ts";
import {
  aspectChart,
  aspectOf,
  brightnessChart,
  fileSizeChart,
  formatChart,
  formatNames,
  type Measured,
  maxSeries,
  modeOf,
  plainHistogram,
  sizeChart,
} from "./distribution-charts.ts";

/**
 * Undefined where no picture could be decoded. What is the same for all pictures is said in a
 * sentence instead of drawn.
 */
export async function distributionsSection(inspection: Inspection): Promise<PageSection | undefined> {
  const pictures = measuredPictures(inspection);
  const [first] = pictures;
  if (first === undefined) return undefined;
  const differ = (measure: (picture: Measured) => unknown): boolean =>
    pictures.some((picture) => measure(picture) !== measure(first));

  const same: string[] = [];
  const charts: Promise<Html>[] = [];
  if (differ(({ width }) => width) || differ(({ height }) => height)) charts.push(sizeChart(pictures));
  else same.push(`${first.width} × ${first.height} pixels large`);
  if (differ(aspectOf)) charts.push(aspectChart(pictures));
  if (differ(({ sizeBytes }) => sizeBytes)) charts.push(fileSizeChart(pictures));
  if (differ(({ brightness }) => brightness)) charts.push(brightnessChart(pictures, inspection));
  if (differ(({ contrast }) => contrast)) {
    charts.push(
      plainHistogram(pictures, "Contrast", ({ contrast }) => contrast, "standard deviation of luma, 0 to 127.5"),
    );
  }
  if (differ(({ colourfulness }) => colourfulness)) {
    const mean = "mean difference between the largest and smallest channel";
    charts.push(plainHistogram(pictures, "Colourfulness", ({ colourfulness }) => colourfulness, mean, "0 is grey."));
  }
  if (differ(({ format }) => format) || differ(modeOf)) charts.push(formatChart(pictures));
  else same.push(`${formatNames[first.format]}, ${modeOf(first)}`);
  return {
    id: "distributions",
    title: "Distributions",
    body: html`${same.length > 0 && html`<p>All ${countOf(pictures.length, "picture")} are ${listText(same)}.</p>`}
${charts.length > 0 && html`<div class="charts">${await Promise.all(charts)}</div>`}`,
  };
}

/** In the order of classes, so that each class has the same colour in all charts. */
function measuredPictures({ facts, classes }: Inspection): readonly Measured[] {
  const bySize = classes.toSorted((a, b) => b.pictures - a.pictures).map(({ label }) => label);
  const shown = new Set(bySize.length <= maxSeries ? bySize : bySize.slice(0, maxSeries - 1));
  const others = countOf(bySize.length - shown.size, "other class", "other classes");
  const ranks = new Map(classes.map(({ label }, rank) => [label, shown.has(label) ? rank : classes.length]));
  const rankOf = ({ label }: PictureFacts): number => ranks.get(label) ?? classes.length;
  return facts
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .flatMap(({ decoded, label, sizeBytes }) =>
      decoded === undefined ? [] : [{ ...decoded, label, sizeBytes, series: shown.has(label) ? label : others }],
    );
}
