/** The part of a dataset's report that shows its classes. */
import type { ClassFacts, Inspection } from "../../dataset/inspection/findings/findings.ts";
import { splits } from "../../dataset/sources/source.ts";
import { seriesColour } from "../charts/theme.ts";
import { formatCount, formatShare, keyHtml } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";

type SplitColumn = keyof ClassFacts["bySplit"];

/** More classes than `open` are folded, and more than `listed` are counted. */
const rows = { open: 40, listed: 2000 } as const;

const splitNames: Readonly<Record<SplitColumn, string>> = {
  train: "train",
  val: "val",
  test: "test",
  none: "no split",
};

/**
 * A row for each class with its share, its given splits and its mean colour; undefined where there
 * are no classes.
 */
export function classesSection({ classes }: Inspection): PageSection | undefined {
  return classes.length === 0 ? undefined : { id: "classes", title: "Classes", body: classesHtml(classes) };
}

/** What the table says of a class; the column of colours is left out where none is known. */
export type ShownClass = Pick<ClassFacts, "label" | "pictures" | "bySplit"> & Partial<Pick<ClassFacts, "meanColour">>;

export function classesHtml(classes: readonly ShownClass[]): Html {
  const columns = givenSplits(classes);
  const folded = classes.slice(rows.open, rows.listed);
  const more = classes.length - rows.listed;
  const key = columns.map((split, at) => ({ name: splitNames[split], colour: seriesColour(at) }));
  return html`${columns.length > 1 && keyHtml(key)}
${classTable(classes.slice(0, rows.open), classes, columns)}
${
  folded.length > 0 &&
  html`<details><summary>${formatCount(classes.length - rows.open)} more classes</summary>${classTable(folded, classes, columns)}${
    more > 0 && html`<p class="muted">and ${formatCount(more)} more</p>`
  }</details>`
}`;
}

/** The splits that the source gives, in their order; `none` alone is no split. */
export function givenSplits(classes: readonly ShownClass[]): readonly SplitColumn[] {
  const found = [...splits, "none" as const].filter((split) => classes.some(({ bySplit }) => bySplit[split]));
  return found.length === 1 && found[0] === "none" ? [] : found;
}

function classTable(shown: readonly ShownClass[], all: readonly ShownClass[], columns: readonly SplitColumn[]): Html {
  const total = all.reduce((sum, { pictures }) => sum + pictures, 0);
  const largest = all.reduce((max, { pictures }) => Math.max(max, pictures), 1);
  const hasColours = all.some(({ meanColour }) => meanColour !== undefined);
  return html`<div class="scroll"><table>
<thead><tr><th>Class</th><th class="number">Pictures</th><th class="number">Share</th>${columns.map(
    (split) => html`<th class="number">${splitNames[split]}</th>`,
  )}${hasColours && html`<th>Colour</th>`}<th style="width:40%"></th></tr></thead>
<tbody>${shown.map(
    (
      row,
    ) => html`<tr><th scope="row"><span class="clamp">${nameHtml(row.label)}</span></th><td class="number">${formatCount(
      row.pictures,
    )}</td><td class="number">${formatShare(row.pictures / total)}</td>${columns.map(
      (split) => html`<td class="number">${formatCount(row.bySplit[split] ?? 0)}</td>`,
    )}${hasColours && html`<td class="one-line">${row.meanColour && colourHtml(row.meanColour)}</td>`}<td>${barHtml(row, largest, columns)}</td></tr>
`,
  )}</tbody></table></div>`;
}

function colourHtml(colour: ClassFacts["meanColour"]): Html {
  const hex = `#${colour.map((level) => Math.round(level).toString(16).padStart(2, "0")).join("")}`;
  return html`<span class="swatch" style="background:${hex}"></span> <code class="muted on-desk">${hex}</code>`;
}

function barHtml({ pictures, bySplit }: ShownClass, largest: number, columns: readonly SplitColumn[]): Html {
  const counts = columns.length === 0 ? [pictures] : columns.map((split) => bySplit[split] ?? 0);
  return html`<div class="bar" aria-hidden="true">${counts.map(
    (count, at) =>
      count > 0 &&
      html`<span style="width:${((100 * count) / largest).toFixed(2)}%;background:${seriesColour(at)}"></span>`,
  )}</div>`;
}
