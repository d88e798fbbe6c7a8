/** The answer: a sentence, a bar for each class, whether it is right, the time it took, and who answered. */

import { copyButton } from "../page/copy-button.ts";
import { element, find } from "../page/element.ts";
import { percent, percentInWords } from "../page/format.ts";
import type { ShownPrediction } from "../picture/shown-picture.ts";
import type { Answer, ClassShare } from "../service/api.ts";
import type { ServiceError } from "../service/service-error.ts";
import { errorView } from "./error-view.ts";
import type { FeedbackView } from "./feedback-view.ts";
import { timingView } from "./timing-view.ts";

export interface AnswerView {
  /** Empty bars of the classes, unless a picture was sent already. */
  invite(labels: readonly string[]): void;
  /** Dims the present answer until the next one. */
  wait(): void;
  show(prediction: ShownPrediction): void;
  fail(error: ServiceError, retry: () => void): void;
}

/** Classes shown at once. */
const shownClasses = 10;
/** Letters that fit into one line of the largest type. */
const longLabel = 18;

export function createAnswerView(feedback: FeedbackView): AnswerView {
  const place = find("answer", HTMLElement);
  let isExpanded = false;
  let isUntouched = true;
  const put = (...parts: (Node | false)[]): void => {
    place.removeAttribute("aria-busy");
    place.replaceChildren(...parts.filter((part) => part !== false));
  };
  const invitation = (): HTMLElement => element("p", { class: "muted" }, "Choose a picture to see its prediction.");
  put(invitation());
  return {
    invite(labels) {
      if (isUntouched) put(invitation(), openBars(labels));
    },
    wait() {
      isUntouched = false;
      place.setAttribute("aria-busy", "true");
    },
    show(prediction) {
      const { picture, answer } = prediction;
      const expand = (expanded: boolean): void => {
        isExpanded = expanded;
      };
      put(
        element("p", { class: answer.label.length > longLabel ? "verdict long" : "verdict" }, verdict(answer)),
        picture.label !== undefined && sampleLabel(picture.label, answer),
        bars(answer.classes, isExpanded, expand),
        feedback.element,
        timingView(answer),
        provenance(answer),
      );
      feedback.follow(prediction);
    },
    fail(error, retry) {
      isUntouched = false;
      const retryHere = (): void => {
        // The button that was pressed is removed.
        place.focus();
        retry();
      };
      put(errorView(error, retryHere));
    },
  };
}

/** "dog, 98.1 %". */
function verdict({ label, confidence }: Pick<Answer, "label" | "confidence">): string {
  return `${label}, ${percentInWords(confidence)}`;
}

function sampleLabel(label: string, answer: Answer): HTMLElement {
  const isRight = label === answer.label;
  const text = isRight ? `Right: the sample is labelled ${label}.` : `The sample is labelled ${label}.`;
  return element("p", { class: isRight ? "verdict-check right" : "verdict-check" }, text);
}

function bars(classes: readonly ClassShare[], isExpanded: boolean, onExpand: (expanded: boolean) => void): HTMLElement {
  const list = element("ol", { class: "bars", "aria-label": "Probability of each class" });
  const draw = (expanded: boolean): void =>
    list.replaceChildren(...classes.slice(0, expanded ? undefined : shownClasses).map(bar));
  draw(isExpanded);
  const box = element("div", {}, list);
  if (classes.length <= shownClasses) return box;
  const button = element("button", { type: "button", class: "quiet" });
  const name = (expanded: boolean): void => {
    button.textContent = expanded ? `Show the first ${shownClasses}` : `Show all ${classes.length} classes`;
    button.setAttribute("aria-expanded", String(expanded));
  };
  name(isExpanded);
  button.addEventListener("click", () => {
    const expanded = button.getAttribute("aria-expanded") !== "true";
    draw(expanded);
    name(expanded);
    onExpand(expanded);
  });
  box.append(button);
  return box;
}

/** Empty bars, hidden from screen readers. */
function openBars(labels: readonly string[]): HTMLElement {
  const open = (label: string): HTMLElement =>
    element(
      "li",
      {},
      element("span", { class: "name" }, label),
      element("span", { class: "track" }),
      element("span", { class: "share" }, "–"),
    );
  return element("ol", { class: "bars open", "aria-hidden": "true" }, ...labels.slice(0, shownClasses).map(open));
}

function bar({ label, probability }: ClassShare): HTMLElement {
  const fill = element("span", { class: "fill" });
  fill.style.width = `${probability * 100}%`;
  return element(
    "li",
    {},
    element("span", { class: "name" }, label),
    element("span", { class: "track", "aria-hidden": "true" }, fill),
    element("span", { class: "share" }, percent(probability)),
  );
}

function provenance({ model, modelVersion, requestId }: Answer): HTMLElement {
  return element(
    "dl",
    { class: "facts" },
    element("dt", {}, "Model"),
    element("dd", {}, `${model} `, element("code", {}, modelVersion)),
    element("dt", {}, "Request"),
    element(
      "dd",
      {},
      element("code", { class: "id" }, requestId),
      copyButton("the request id", () => requestId),
    ),
  );
}
