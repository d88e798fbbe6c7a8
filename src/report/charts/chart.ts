/** Draws Vega-Lite specifications as SVG text, without a browser, in the page's colours. */
import { createHash } from "node:crypto";
import type { LoggerInterface } from "vega";
import type { Config, TopLevelSpec } from "vega-lite";
import { escapeText, wellFormedText } from "../../base/markup-text.ts";
import { textWidth } from "../../base/text-width.ts";
import { visibleText } from "../../base/visible-text.ts";
import { theme } from "./theme.ts";

/**
 * Charts are drawn this wide, and this is the size of their text: legible on a phone, two beside
 * each other on a desk.
 */
export const chartWidthPx = 440;
export const chartFontPx = 12;
/** Longer names in legends end in an ellipsis. */
export const legendLimitPx = 140;

/**
 * Axes and text take the colour of the text around the chart; series take the page's variables. One
 * SVG serves light and dark.
 */
const config: Config = {
  background: "transparent",
  font: theme.fonts.text,
  padding: 4,
  // Charts say in one sentence what they show; thousands of described marks would make the page
  // large and help nobody.
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: "currentColor",
    labelOpacity: 0.75,
    labelFontSize: chartFontPx,
    titleColor: "currentColor",
    titleFontSize: chartFontPx,
    titleFontWeight: "normal",
    titlePadding: 8,
    labelPadding: 6,
    labelOverlap: "greedy",
    labelSeparation: 6,
    domainColor: "currentColor",
    domainOpacity: 0.35,
    gridColor: "currentColor",
    gridOpacity: 0.12,
    ticks: false,
  },
  legend: {
    orient: "top",
    title: null,
    labelColor: "currentColor",
    labelFontSize: chartFontPx,
    labelLimit: legendLimitPx,
    columnPadding: 16,
    offset: 8,
    symbolSize: 80,
  },
  text: { color: "currentColor", fontSize: chartFontPx },
  title: {
    anchor: "start",
    color: "currentColor",
    fontSize: chartFontPx + 2,
    subtitleColor: "currentColor",
    subtitleFontSize: chartFontPx,
    subtitlePadding: 4,
    offset: 10,
  },
};

/**
 * An `<svg>` element for a page or a file: well-formed XML, labelled with the specification's
 * `description`, with ids of its own, so that many charts can stand in one page. The same
 * specification gives the same text. Vega is loaded by the first call. Data must be inside the
 * specification, nothing is ever fetched. Errors: those of Vega for a specification that is wrong.
 */
export async function renderChart(spec: TopLevelSpec): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  measureTextWithoutCanvas(vega);
  const complaints: string[] = [];
  const logger = collectErrors(complaints);
  const refuse = async (address: string): Promise<never> => {
    // Vega only warns of what it could not load.
    complaints.push(`its data must be inside its specification; got ${address}`);
    throw new Error(complaints[0]);
  };
  // Links may lead to a place in the same page alone.
  const sanitize = async (uri: string) => (/^#[\w-]+$/.test(uri) ? { href: uri } : refuse(uri));
  const loader = { ...vega.loader(), load: refuse, sanitize, http: refuse, file: refuse };
  const view = new vega.View(vega.parse(compile(spec, { config, logger }).spec), { renderer: "none", loader, logger });
  try {
    const svg = await view.toSVG();
    // Vega reports what fails while it draws, and goes on without it.
    if (complaints.length > 0) throw new Error(`Vega cannot draw the chart: ${complaints.join("; ")}`);
    return standAlone(svg, visibleText(spec.description ?? "chart"));
  } finally {
    view.finalize();
  }
}

function collectErrors(complaints: string[]): LoggerInterface {
  const logger: LoggerInterface = {
    level: (_?: number) => logger as LoggerInterface & number, // called with a level it gives the logger, else the level
    error(...parts) {
      complaints.push(parts.map(String).join(" "));
      return logger;
    },
    warn: () => logger,
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}

/** Names the chart for screen readers, and makes its ids differ from those of other charts. */
function standAlone(svg: string, description: string): string {
  const ids = new Map<string, string>();
  for (const [, id] of svg.matchAll(/ id="([^"]+)"/g)) ids.set(id!, `${ids.size + 1}`);
  // Vega numbers clip paths through the whole process: counted anew, the same chart has the same
  // text and the same hash.
  const numbered = svg.replace(/( id="|url\(#|href="#)([^")]+)/g, (whole, before: string, id: string) =>
    ids.has(id) ? `${before}chart-${ids.get(id)}` : whole,
  );
  const own = createHash("sha256").update(numbered).update(description).digest("hex").slice(0, 10);
  // What is an image as a whole has no parts that could be reached.
  const role = numbered.includes("<a ") ? "group" : "img";
  const head = `<svg role="${role}" aria-labelledby="chart-${own}-title" class="chart"`;
  const title = `<title id="chart-${own}-title">${escapeText(description)}</title>`;
  return wellFormedText(
    numbered
      .replaceAll(/(="|#)chart-(\d)/g, `$1chart-${own}-$2`)
      .replace(/ class="marks"/, "")
      .replace(/^<svg([^>]*)>/, (_, attributes: string) => `${head}${attributes}>${title}`)
      .replaceAll(/ role="graphics-[a-z]+"| aria-(?:roledescription|hidden)="[^"]*"/g, "")
      // A hundredth of a pixel is enough; sums of floats are three times as long.
      .replaceAll(/ (?:d|transform)="[^"]*"/g, (attribute) => attribute.replaceAll(/(\.\d\d)\d+/g, "$1")),
  );
}

/**
 * Vega reckons 0.8 of the font's size for every character where there is no canvas, which is half
 * as wide again as text is. Its metrics are made to be replaced; its types leave them out.
 */
function measureTextWithoutCanvas(vega: object): void {
  const { textMetrics } = vega as { textMetrics: { width: (item: TextItem, text: string) => number } };
  // Text above its limit is cut to it when it is drawn.
  textMetrics.width = ({ fontSize = chartFontPx, limit }, text) =>
    Math.min(textWidth(String(text ?? "")) * fontSize, limit ? limit : Number.POSITIVE_INFINITY);
}

interface TextItem {
  readonly fontSize?: number;
  readonly limit?: number;
}
