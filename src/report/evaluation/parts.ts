/**
 * Pieces of an evaluation's page: intervals as words and as bars, pictures with what was answered.
 */

import { shortenText, visibleText } from "../../base/visible-text.ts";
import type { Interval } from "../../metrics/classification-metrics.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { altText, thumbnailHtml } from "../page/thumbnail.ts";

/** `98.61 %`. */
export function exactShare(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** `97.9 to 99.1 %`. */
export function intervalText({ low, high }: Interval, digits = 1): string {
  return `${(100 * low).toFixed(digits)} to ${exactShare(high, digits)}`;
}

/** `p < 0.001`, `p = 0.032`. */
export function pValueText(pValue: number): string {
  return pValue < 0.001 ? "p < 0.001" : `p = ${pValue.toFixed(3)}`;
}

/** `2.41 ms`, `120 ms`: three digits that count. */
export function timeText(ms: number): string {
  return `${ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3)} ms`;
}

/**
 * A share as a dot on its interval, on an axis from `from` to 1; the same numbers stand beside it
 * as text.
 */
export function intervalBar(share: number, interval: Interval, from: number, colour: string): Html {
  const place = (value: number): string => `${(100 * Math.max(0, (value - from) / (1 - from))).toFixed(2)}%`;
  const width = `${(100 * Math.max(0, (interval.high - Math.max(from, interval.low)) / (1 - from))).toFixed(2)}%`;
  return html`<div aria-hidden="true" style="position:relative;height:.75rem;min-width:7rem;background:var(--surface);border-radius:2px"><span style="position:absolute;left:${place(
    Math.max(from, interval.low),
  )};width:${width};height:100%;background:${colour};opacity:.35;border-radius:2px"></span><span style="position:absolute;left:calc(${place(
    share,
  )} - 2px);width:4px;height:100%;background:${colour};border-radius:1px"></span></div>`;
}

/**
 * Where the axis of interval bars begins: a round tenth below all that is shown, so that
 * differences can be seen.
 */
export function axisStart(intervals: readonly Interval[]): number {
  const lowest = intervals.reduce((min, { low }) => Math.min(min, low), 1);
  return Math.max(0, Math.min(0.9, Math.floor(10 * lowest) / 10));
}

/** A share as the length of a bar. */
export function shareBar(share: number, colour: string): Html {
  return html`<div class="bar" aria-hidden="true"><span style="width:${(100 * share).toFixed(2)}%;background:${colour}"></span></div>`;
}

export interface AnsweredView {
  readonly id: string;
  /** Two or three lines below the picture. */
  readonly lines: readonly Html[];
}

/** Pictures beside each other, each over its lines; small ones are shown pixel by pixel. */
export function answeredPictures(views: readonly AnsweredView[], thumbnails: ReadonlyMap<string, Uint8Array>): Html {
  return html`<div class="pictures">${views.map(({ id, lines }) => {
    const png = thumbnails.get(id);
    const view = png === undefined ? html`<span>no preview</span>` : thumbnailHtml(png, altText(id));
    return html`<figure class="picture" title="${visibleText(id)}"><div class="view">${view}</div><figcaption>${lines}<span class="muted">${nameHtml(id, 44)}</span></figcaption></figure>
`;
  })}</div>`;
}

/** A label in a line below a picture. */
export function labelHtml(label: string): Html {
  return html`<bdi>${shortenText(visibleText(label), 20)}</bdi>`;
}
