/** What the rooms above may use of the reports' room. */
export type { BinScale } from "./bins.ts";
export { renderChart } from "./chart.ts";
export * from "./chart-specs.ts";
export * from "./contact-sheet.ts";
export { type DatasetReportOptions, renderDatasetReport } from "./dataset-report.ts";
export { escapeText, Html, type HtmlValue, html, raw } from "./html.ts";
export * from "./page.ts";
export * from "./page-parts.ts";
export { seriesColour, theme } from "./theme.ts";
export { nameHtml, shortenMiddle, shortenText, visibleText } from "./visible-text.ts";
