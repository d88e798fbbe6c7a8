/** The section of an evaluation's page that the cells of its confusion matrix lead to. */
import type { ConfusionCell } from "../../metrics/confusion-pictures.ts";
import { countOf, formatCount } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";
import type { EvaluationFacts, ModelFigures } from "./facts.ts";
import { answeredPictures, exactShare } from "./parts.ts";

/** Of the pictures of a class that got an answer; class indices. */
export function cellAnchor({ target, answer }: Pick<ConfusionCell, "target" | "answer">): string {
  return `cell-${target}-${answer}`;
}

/** The addresses of the cells that have pictures in the page. */
export function cellLinks({ cells }: Pick<ModelFigures, "cells">): ReadonlySet<string> {
  return new Set(cells.map(cellAnchor));
}

/** Undefined where there are no pictures. */
export function cellsSection(
  { cells, evaluation }: ModelFigures,
  { thumbnails }: EvaluationFacts,
): PageSection | undefined {
  if (cells.length === 0) return undefined;
  return {
    id: "cells",
    title: "Pictures by confusion",
    body: html`<p class="muted">What the cells of the confusion matrix hold: the surest mistakes, and the right answers that were least sure.</p>
<div class="cells">${cells.map((cell) => cellHtml(cell, evaluation, thumbnails))}</div>`,
  };
}

function cellHtml(
  cell: ConfusionCell,
  { classes }: ModelFigures["evaluation"],
  thumbnails: EvaluationFacts["thumbnails"],
): Html {
  const { target, answer, count, pictures } = cell;
  const [is, answered] = [classes[target]!.label, classes[answer]!.label];
  const isRight = target === answer;
  const shown =
    pictures.length === count
      ? countOf(count, "picture")
      : `${formatCount(pictures.length)} of ${countOf(count, "picture")}, the ${isRight ? "least sure" : "surest"}`;
  // As wide as its pictures, so that several cells of few pictures stand side by side.
  return html`<article class="cell" id="${cellAnchor(cell)}" style="width:${(7.75 * pictures.length + 0.9).toFixed(2)}rem">
<header><h3>${nameHtml(is, 40)} ${isRight ? "classified correctly" : html`answered as ${nameHtml(answered, 40)}`}</h3><span class="muted small">${shown}</span><a class="small" href="#confusion">to the matrix</a></header>
${answeredPictures(
  pictures.map(({ id, confidence }) => ({
    id,
    lines: [html`<span class="label">${exactShare(confidence, 1)}</span>`],
  })),
  thumbnails,
)}</article>
`;
}
