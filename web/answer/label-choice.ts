/** "It is really ...": a class is chosen, from a few as buttons, from many by typing. */
import { element } from "../page/element.ts";
import { count, percent } from "../page/format.ts";
import type { ClassShare } from "../service/api.ts";

export interface LabelChoiceOptions {
  /** Those that can be chosen, the most likely first. */
  readonly classes: readonly ClassShare[];
  readonly onChoose: (label: string) => void;
  /** The Escape key. */
  readonly onCancel: () => void;
}

/** More are searched. */
const fewClasses = 8;

export function labelChoice(options: LabelChoiceOptions): HTMLElement {
  const { classes, onCancel } = options;
  const box = element(
    "div",
    { class: "label-choice" },
    ...(classes.length <= fewClasses ? fewLabels(options) : manyLabels(options)),
  );
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    onCancel();
  });
  return box;
}

function fewLabels({ classes, onChoose }: LabelChoiceOptions): readonly HTMLElement[] {
  const button = ({ label }: ClassShare): HTMLElement =>
    element("button", { type: "button", onclick: () => onChoose(label) }, label);
  return [
    element("p", { id: "really" }, "It is really …"),
    element("div", { class: "labels", role: "group", "aria-labelledby": "really" }, ...classes.map(button)),
  ];
}

/**
 * A combobox whose list is open as long as it is there.
 * Source: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */
function manyLabels({ classes, onChoose }: LabelChoiceOptions): readonly HTMLElement[] {
  const field = element("input", {
    id: "really",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    placeholder: `Search ${count(classes.length)} other classes`,
    "aria-expanded": "true",
    "aria-controls": "really-labels",
    "aria-autocomplete": "list",
  });
  const list = element("ul", { id: "really-labels", role: "listbox", "aria-label": "Classes" });
  const found = element("p", { class: "unseen", role: "status" });
  const entries = classes.map(({ label, probability }, index) => ({
    label,
    words: plain(label),
    row: element(
      "li",
      { id: `really-${index}`, role: "option", "aria-selected": "false", onclick: () => onChoose(label) },
      element("span", {}, label),
      element("span", { class: "share" }, percent(probability)),
    ),
  }));
  let shown = entries;
  let active = 0;
  const point = (to: number): void => {
    shown[active]?.row.setAttribute("aria-selected", "false");
    active = Math.max(0, Math.min(shown.length - 1, to));
    const row = shown[active]?.row;
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    if (row === undefined) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", row.id);
  };
  const draw = (): void => {
    shown[active]?.row.setAttribute("aria-selected", "false");
    const typed = plain(field.value.trim());
    const having = entries.filter(({ words }) => words.includes(typed));
    // Those that begin so come first.
    shown = [
      ...having.filter(({ words }) => words.startsWith(typed)),
      ...having.filter(({ words }) => !words.startsWith(typed)),
    ];
    const none = element("li", { role: "presentation", class: "muted" }, "No class has this in its name.");
    list.replaceChildren(...(shown.length === 0 ? [none] : shown.map(({ row }) => row)));
    list.scrollTop = 0;
    found.textContent = typed === "" ? "" : `${count(shown.length)} of ${count(entries.length)} classes`;
    point(0);
  };
  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };
    const step = steps[event.key];
    if (step !== undefined) point(active + step);
    else if (event.key === "Enter") {
      const chosen = shown[active];
      if (chosen !== undefined) onChoose(chosen.label);
    } else return;
    event.preventDefault();
  });
  // The field keeps the focus.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  draw();
  return [element("label", { for: "really" }, "It is really …"), field, list, found];
}

/** Without case and accents. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
