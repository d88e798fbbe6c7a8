/** The page of `pawprint plots`: every plot of a repository, revisions over each other. */
import { visibleText } from "../../base/visible-text.ts";
import type { PlotData, PlotFailure, PlotReading } from "../../pipeline/plots.ts";
import { chartHtml, countOf } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { renderPage } from "../page/page.ts";
import { altText, thumbnailHtml } from "../page/thumbnail.ts";
import { plotChart } from "./plot-chart.ts";

/** What is drawn as one. */
export interface PlotGroup {
  readonly name: string;
  readonly title: string;
  readonly plots: readonly PlotData[];
}

/** Plots of the same name together, in the order of the first; of confusion each revision alone. */
export function groupPlots(plots: readonly PlotData[]): readonly PlotGroup[] {
  const groups = new Map<string, { name: string; title: string; plots: PlotData[] }>();
  const isAlone = new Set(plots.map(({ revision }) => revision)).size === 1;
  for (const plot of plots) {
    const { name, title, template, revision, image } = plot;
    const more = template === "confusion" && image === undefined && !isAlone ? ` (${revision})` : "";
    const group = groups.get(`${name}${more}`) ?? { name: `${name}${more}`, title: `${title}${more}`, plots: [] };
    group.plots.push(plot);
    groups.set(group.name, group);
  }
  const names = [...new Set(plots.map(({ name }) => name))];
  const byName = new Map(names.map((name, at) => [name, at]));
  const placeOf = ({ plots: [first] }: PlotGroup): number => (first ? byName.get(first.name)! : 0); // each has its place
  return [...groups.values()].sort((a, b) => placeOf(a) - placeOf(b));
}

/** A whole HTML document that needs no other file. */
export async function renderPlotsPage(
  { plots, failures }: PlotReading,
  { version, now }: { readonly version: string; readonly now: Date },
): Promise<string> {
  const groups = groupPlots(plots);
  const revisions = [...new Set(plots.map(({ revision }) => revision))];
  const figures: Html[] = [];
  for (const group of groups) figures.push(await figureOf(group));
  return renderPage({
    title: "Plots",
    headline: html`${countOf(new Set(plots.map(({ name }) => name)).size, "plot")} of ${revisions.join(" and ")}`,
    lead: html`<p>From dvc.yaml of the repository.</p>`,
    sections: [
      { id: "plots", title: "Plots", body: html`${figures}` },
      ...(failures.length === 0 ? [] : [{ id: "not-read", title: "Not read", body: html`${notRead(failures)}` }]),
    ],
    version,
    now,
  });
}

function notRead(failures: readonly PlotFailure[]): readonly Html[] {
  return failures.map(
    ({ name, revision, error }) => html`<p>${nameHtml(name)}, ${nameHtml(revision)}: ${visibleText(error.message)}</p>`,
  );
}

async function figureOf({ name, title, plots }: PlotGroup): Promise<Html> {
  const images = plots.filter(({ image }) => image !== undefined);
  if (images.length === 0) return chartHtml(title, plotChart(plots));
  return html`<h3>${nameHtml(title)}</h3>${images.map(
    ({ image, revision }) =>
      html`<figure>${imageHtml(name, image!)}<figcaption>${nameHtml(revision)}</figcaption></figure>`,
  )}`;
}

/** Scripts of an SVG do not run in an element img. */
function imageHtml(name: string, bytes: Uint8Array): Html {
  if (!/\.svg$/i.test(name)) return thumbnailHtml(bytes, altText(name));
  return html`<img alt="${altText(name)}" src="data:image/svg+xml;base64,${Buffer.from(bytes).toString("base64")}">`;
}
