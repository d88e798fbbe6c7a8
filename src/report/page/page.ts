/**
 * The frame of a report: one HTML file that needs no other, runs no script and may load nothing.
 */
import { type Html, html, raw } from "./html.ts";
import { pageStyle } from "./style.ts";

/**
 * A heading below a section's, for the table of contents; `id` is that of an element in the
 * section's body.
 */
export interface PageEntry {
  readonly id: string;
  readonly title: string;
  /** A few words at the end of the line, such as a count. */
  readonly aside?: string;
}

export interface PageSection {
  /** Unique in the page; what links to the section end in. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
  readonly entries?: readonly PageEntry[];
}

export interface Page {
  /** Of the window, and in small above the headline. */
  readonly title: string;
  /** What the reader must know, in a sentence. */
  readonly headline: Html;
  readonly lead?: Html;
  readonly sections: readonly PageSection[];
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/**
 * Pictures may come from `data:` addresses inside the page and styles from the page itself:
 * everything else is refused.
 */
const contentPolicy =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A whole HTML document. */
export function renderPage({ title, headline, lead, sections, version, now }: Page): string {
  const time = now.toISOString();
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Pawprint ${version}">
<title>${title}</title>
<style>
${raw(pageStyle)}
</style>
</head>
<body>
<div class="frame">
<header class="head">
<p class="muted small">${title}</p>
<h1>${headline}</h1>
${lead && html`<div class="lead">${lead}</div>`}
</header>
<div class="body">
<nav class="contents" aria-label="Contents"><ul>
${sections.map(
  ({ id, title, entries = [] }) => html`<li><a href="#${id}">${title}</a>${
    entries.length > 0 &&
    html`<ul>${entries.map(
      ({ id, title, aside }) => html`<li><a href="#${id}"><span>${title}</span> <span>${aside}</span></a></li>`,
    )}</ul>`
  }</li>
`,
)}</ul></nav>
<main>
${sections.map(
  ({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`,
)}</main>
</div>
<footer>Made by Pawprint ${version} on <time datetime="${time}">${time.slice(0, 16).replace("T", " ")} UTC</time></footer>
</div>
</body>
</html>
`}`;
}
