/**
 * HTML as text that cannot be broken by what it holds: everything is escaped unless it is itself
 * HTML.
 */

import { escapeText } from "../../base/markup-text.ts";

/** Text that is safe to stand in a page; only `html` and `raw` make it. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a hole of the template; `undefined`, `null` and `false` leave nothing. */
export type HtmlValue = Html | string | number | undefined | null | false | readonly HtmlValue[];

/**
 * A template whose holes are escaped, for element content and for attribute values between quotes
 * (never for names of elements or attributes, for scripts or style sheets). Lists are joined
 * without anything between.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(markupOf)));
}

/**
 * Takes text for HTML as it is: for SVG and style sheets that Pawprint made itself, never for names
 * or labels.
 */
export function raw(markup: string): Html {
  return new Html(markup);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "number") return String(value);
  return value.map(markupOf).join("");
}
