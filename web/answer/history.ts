/** The last predictions of this visit; each can be shown again. */
import { element, find } from "../page/element.ts";
import { percent } from "../page/format.ts";
import { pictureImage } from "../picture/picture-view.ts";
import { release, type ShownPrediction } from "../picture/shown-picture.ts";

export interface History {
  /** Puts a prediction first; it replaces an earlier one of the same drawing. */
  add(prediction: ShownPrediction): void;
}

export interface HistoryOptions {
  readonly onChoose: (prediction: ShownPrediction) => void;
}

const kept = 12;

export function createHistory({ onChoose }: HistoryOptions): History {
  const section = find("history", HTMLElement);
  const list = find("history-list", HTMLElement);
  let predictions: readonly ShownPrediction[] = [];
  const keep = (next: readonly ShownPrediction[]): void => {
    // The newest is still displayed after the list was cleared: it is released with the next one.
    for (const old of predictions) if (!next.includes(old)) release(old);
    predictions = next;
    section.hidden = next.length === 0;
  };
  const row = (prediction: ShownPrediction): HTMLElement => {
    const { picture, answer } = prediction;
    return element(
      "li",
      {},
      element(
        "button",
        { type: "button", onclick: () => onChoose(prediction) },
        pictureImage(picture, ""),
        element("span", { class: "name" }, answer.label),
        element("span", { class: "share" }, percent(answer.confidence)),
        element("span", { class: "unseen" }, `, ${picture.name}, show again`),
      ),
    );
  };
  const draw = (): void => list.replaceChildren(...predictions.map(row));
  find("history-clear", HTMLButtonElement).addEventListener("click", () => {
    section.hidden = true;
    list.replaceChildren();
    find("main", HTMLElement).focus();
  });
  return {
    add(prediction) {
      const wasCleared = section.hidden;
      const others = wasCleared ? [] : predictions.filter(({ picture }) => picture.id !== prediction.picture.id);
      keep([prediction, ...others].slice(0, kept));
      draw();
    },
  };
}
