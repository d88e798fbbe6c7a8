/** An error in words: what was required, what arrived, what to do about it. */

import { element } from "../page/element.ts";
import { setApiKey } from "../service/api.ts";
import type { ServiceError } from "../service/service-error.ts";

export function errorView(error: ServiceError, retry: () => void): HTMLElement {
  const { required, received } = error.parts;
  const row = (term: string, text: string | undefined): readonly (HTMLElement | false)[] =>
    text === undefined ? [] : [element("dt", {}, term), element("dd", {}, text)];
  return element(
    "div",
    { class: "fault" },
    element("h3", {}, error.title),
    element(
      "dl",
      { class: "facts" },
      ...row("Required", required),
      ...row("Arrived", received),
      ...row("Where", error.where),
      ...row("To do", error.hint),
    ),
    error.status === 401 && keyForm(retry),
    error.isPassing && element("button", { type: "button", class: "primary", onclick: retry }, "Try again"),
    error.requestId !== undefined &&
      element(
        "details",
        {},
        element("summary", {}, `The service's answer, ${error.code}`),
        element("pre", { tabindex: 0 }, element("code", {}, JSON.stringify(error, undefined, 2))),
      ),
  );
}

/** Asks for an API key, which is kept in this page's memory only. */
function keyForm(retry: () => void): HTMLElement {
  const field = element("input", { id: "api-key", type: "password", autocomplete: "off", required: true });
  const form = element(
    "form",
    { class: "key" },
    element("label", { for: "api-key" }, "API key"),
    field,
    element("button", { type: "submit", class: "primary" }, "Use this key"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setApiKey(field.value.trim());
    retry();
  });
  return form;
}
