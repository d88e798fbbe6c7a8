/** A button that copies a text. */
import { element } from "./element.ts";

const answerMs = 1600;

/** `what` names the text for screen readers: "the request id". */
export function copyButton(what: string, text: () => string): HTMLButtonElement {
  const word = element("span", { "aria-live": "polite" }, "Copy");
  const button = element(
    "button",
    { type: "button", class: "quiet copy" },
    word,
    element("span", { class: "unseen" }, ` ${what}`),
  );
  button.addEventListener("click", async () => {
    word.textContent = (await copy(text())) ? "Copied" : "Not allowed";
    setTimeout(() => {
      word.textContent = "Copy";
    }, answerMs);
  });
  return button;
}

async function copy(text: string): Promise<boolean> {
  // The clipboard API exists in secure contexts only (https, localhost).
  if (navigator.clipboard === undefined) return copyBySelection(text);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => copyBySelection(text),
  );
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  const field = element("textarea", { class: "unseen", "aria-hidden": "true", tabindex: -1 });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
