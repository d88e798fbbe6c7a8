/**
 * Pieces that reports are put together from: tiles, charts with captions, keys to colours, figures
 * as words.
 */
import type { TopLevelSpec } from "vega-lite";
import { renderChart } from "../charts/chart.ts";
import { type Html, html, raw } from "./html.ts";

export interface Tile {
  readonly title: string;
  readonly value: string;
}

/** Key figures beside each other. */
export function tilesHtml(tiles: readonly Tile[]): Html {
  return html`<dl class="tiles">${tiles.map(
    ({ title, value }) => html`<div class="tile"><dt>${title}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/** A chart below its title and, where there is one, a sentence on how to read it. */
export async function chartHtml(title: string, spec: TopLevelSpec, note?: string): Promise<Html> {
  const svg = await renderChart(spec);
  return html`<figure><figcaption><h3>${title}</h3>${note && html`<p class="muted small">${note}</p>`}</figcaption>${raw(svg)}</figure>
`;
}

/** Names beside their colours; colours are CSS that Pawprint made. */
export function keyHtml(entries: readonly { readonly name: string; readonly colour: string }[]): Html {
  return html`<p class="key">${entries.map(
    ({ name, colour }) => html`<span><span class="swatch" style="background:${colour}"></span>${name}</span>`,
  )}</p>`;
}

/** `22,500`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 error`, `2,000 errors`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** `12.5 %`; what is there is never said to be 0 %, nor what is missing to be 100 %. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share < 1 && share >= 0.9995) return "> 99.9 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listText(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
