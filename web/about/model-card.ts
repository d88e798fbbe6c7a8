/** What is known of the model: its classes, its evaluation, and where it comes from. */

import { copyButton } from "../page/copy-button.ts";
import { element, find } from "../page/element.ts";
import { count, dateTime, listing, percent } from "../page/format.ts";
import type { ModelDescription } from "../service/api.ts";
import { type ClassFigures, figuresOf } from "./evaluation-figures.ts";

/** Letters of a hash that are shown; the whole one is copied. */
const shownLetters = 12;
const shownLabels = 24;

export function showModel(model: ModelDescription): void {
  const { name, labels, architecture, lineage, recipe } = model;
  document.title = `${name} · Pawprint`;
  find("lead", HTMLElement).replaceChildren(
    element("strong", {}, name),
    ` distinguishes ${count(labels.length)} classes: ${listing(labels)}.`,
  );
  find("model", HTMLElement).replaceChildren(
    ...figures(model.evaluation),
    element(
      "dl",
      { class: "facts" },
      ...fact("Name", name),
      ...fact("Version", element("code", {}, model.version)),
      ...fact("Classes", labelList(labels)),
      ...fact("Sees", `${recipe.width} × ${recipe.height} pixels, ${recipe.channels === 1 ? "grey" : "colour"}`),
      ...fact("Network", architecture.name),
      ...fact(
        "Trained",
        lineage.createdAt && element("time", { datetime: lineage.createdAt }, dateTime(lineage.createdAt)),
      ),
      ...fact("Data", lineage.source),
      ...hash("Dataset hash", lineage.datasetHash),
      ...hash("Git commit", lineage.gitCommit),
      ...hash("Run", lineage.runId),
    ),
  );
}

function figures(evaluation: ModelDescription["evaluation"]): readonly HTMLElement[] {
  const known = figuresOf(evaluation);
  if (known === undefined) return [element("p", { class: "muted" }, "It was not evaluated.")];
  const { accuracy, interval, count: pictures, split, classes } = known;
  const on = pictures === undefined ? `on the ${split} split` : `on ${count(pictures)} pictures of the ${split} split`;
  const range = interval && `, 95 % interval ${percent(interval.low)} to ${percent(interval.high)}`;
  const figure = element(
    "p",
    { class: "worth" },
    element("strong", {}, percent(accuracy)),
    element("span", { class: "muted" }, `accuracy ${on}${range ?? ""}`),
  );
  return classes.length === 0 ? [figure] : [figure, classTable(classes)];
}

function classTable(classes: readonly ClassFigures[]): HTMLElement {
  const cells = (tag: "th" | "td", texts: readonly string[]): HTMLElement[] =>
    texts.map((text) => element(tag, { class: "number", scope: tag === "th" && "col" }, text));
  return element(
    "details",
    {},
    element("summary", {}, "Figures of each class"),
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col" }, "Class"),
          ...cells("th", ["Pictures", "Precision", "Recall"]),
        ),
      ),
      element(
        "tbody",
        {},
        ...classes.map(({ label, count: pictures, precision, recall }) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, label),
            ...cells("td", [count(pictures), percent(precision), percent(recall)]),
          ),
        ),
      ),
    ),
  );
}

function labelList(labels: readonly string[]): HTMLElement {
  const chip = (label: string): HTMLElement => element("li", {}, label);
  const list = element("ul", { class: "chips" }, ...labels.slice(0, shownLabels).map(chip));
  if (labels.length <= shownLabels) return list;
  const all = element("button", { type: "button", class: "quiet" }, `Show all ${count(labels.length)}`);
  all.addEventListener("click", () => list.replaceChildren(...labels.map(chip)));
  list.append(element("li", { class: "more" }, all));
  return list;
}

function fact(term: string, value: Node | string | undefined): readonly HTMLElement[] {
  if (value === undefined || value === "") return [];
  return [element("dt", {}, term), element("dd", {}, value)];
}

function hash(term: string, value: string | undefined): readonly HTMLElement[] {
  if (value === undefined || value === "") return [];
  const shown = element("code", { title: value }, value.slice(0, shownLetters));
  return [
    element("dt", {}, term),
    element(
      "dd",
      {},
      shown,
      copyButton(`the ${term.toLowerCase()}`, () => value),
    ),
  ];
}
