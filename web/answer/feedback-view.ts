/** Under the answer: is it right, and if not, what does the picture really show? */
import { element, find } from "../page/element.ts";
import type { GivenFeedback, ShownPrediction } from "../picture/shown-picture.ts";
import { sendFeedback } from "../service/api.ts";
import { toServiceError } from "../service/service-error.ts";
import { errorView } from "./error-view.ts";
import { labelChoice } from "./label-choice.ts";

export interface FeedbackView {
  /** A part of the answer's card. */
  readonly element: HTMLElement;
  /** Whether the service takes feedback: the part is hidden where it does not. */
  offer(isOffered: boolean): void;
  /** Sets the prediction that is asked about. */
  follow(prediction: ShownPrediction): void;
}

export function createFeedbackView(announce: (text: string) => void): FeedbackView {
  const yes = element("button", { type: "button", class: "thumb", "aria-pressed": "false" }, thumb(), "Yes");
  const no = element(
    "button",
    { type: "button", class: "thumb down", "aria-pressed": "false", "aria-controls": "feedback-more" },
    thumb(),
    "No",
  );
  const note = element("p", { class: "feedback-note muted" });
  const more = element("div", { id: "feedback-more" });
  const place = element(
    "section",
    { class: "feedback", "aria-labelledby": "feedback-question", hidden: true },
    element(
      "div",
      { class: "feedback-line" },
      element("h3", { id: "feedback-question" }, "Is it right?"),
      yes,
      no,
      note,
    ),
    more,
  );
  let current: ShownPrediction | undefined;
  let isOpen = false;

  const draw = (): void => {
    if (current === undefined) return;
    const { answer, feedback } = current;
    const said = feedback.sending ?? feedback.kept;
    yes.setAttribute("aria-pressed", String(said === answer.label));
    no.setAttribute("aria-pressed", String(said !== undefined && said !== answer.label));
    no.setAttribute("aria-expanded", String(isOpen));
    note.textContent = noteOf(feedback, answer.label);
    more.replaceChildren(...(isOpen ? [choice(current)] : []), ...faultOf(current));
    more.hidden = more.childElementCount === 0;
  };
  const choice = ({ answer }: ShownPrediction): HTMLElement =>
    labelChoice({
      classes: answer.classes.filter(({ label }) => label !== answer.label),
      onChoose: (label) => {
        close();
        void say(label);
      },
      onCancel: close,
    });
  const close = (): void => {
    isOpen = false;
    no.focus();
    draw();
  };
  const faultOf = ({ feedback: { failed } }: ShownPrediction): readonly HTMLElement[] => {
    if (failed === undefined) return [];
    const retry = (): void => {
      no.focus(); // the button that was pressed is removed
      void say(failed.label);
    };
    return [errorView(failed.error, retry)];
  };
  const say = async (label: string): Promise<void> => {
    const prediction = current;
    if (prediction === undefined || prediction.feedback.sending !== undefined) return;
    const { kept } = prediction.feedback;
    /** The page may show another prediction by now. */
    const become = (feedback: GivenFeedback, spoken?: string): void => {
      prediction.feedback = feedback;
      if (prediction !== current) return;
      draw();
      if (spoken !== undefined) announce(spoken);
    };
    const before = kept === undefined ? {} : { kept };
    become({ ...before, sending: label });
    try {
      const answer = await sendFeedback(prediction.answer.requestId, label);
      const now = { kept: answer.label, isChanged: kept !== undefined && kept !== answer.label };
      become(now, noteOf(now, prediction.answer.label));
    } catch (thrown) {
      const error = toServiceError(thrown);
      become({ ...before, failed: { label, error } }, `${error.title}. ${error.hint ?? error.message}.`);
    }
  };
  yes.addEventListener("click", () => {
    isOpen = false;
    draw();
    if (current !== undefined && current.feedback.kept !== current.answer.label) void say(current.answer.label);
  });
  no.addEventListener("click", () => {
    isOpen = !isOpen;
    draw();
    if (isOpen) more.querySelector<HTMLElement>("input, button")?.focus();
  });
  return {
    element: place,
    offer(isOffered) {
      place.hidden = !isOffered;
    },
    follow(prediction) {
      current = prediction;
      isOpen = false;
      draw();
    },
  };
}

/** "Kept: it is really dog." */
function noteOf({ kept, isChanged = false, sending }: GivenFeedback, predicted: string): string {
  if (sending !== undefined) return "Sending …";
  if (kept === undefined) return "";
  const what = kept === predicted ? `${kept} is right` : `it is really ${kept}`;
  return `${isChanged ? "Changed" : "Kept"}: ${what}.`;
}

function thumb(): Node {
  return find("thumb", HTMLTemplateElement).content.cloneNode(true);
}
