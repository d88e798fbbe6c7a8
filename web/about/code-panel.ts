/** The panel with the code for other programs. */
import { copyButton } from "../page/copy-button.ts";
import { element, find } from "../page/element.ts";
import { connectTabs } from "../page/tabs.ts";
import { type Snippet, snippetsFor } from "./snippets.ts";

export function showCode(): void {
  const snippets = snippetsFor(location.origin);
  const list = element("div", { class: "tabs", role: "tablist", "aria-label": "Language" }, ...snippets.map(tab));
  find("code", HTMLElement).replaceChildren(
    list,
    ...snippets.map(panel),
    element(
      "p",
      { class: "muted" },
      "Forms, base64, batches and the Open Inference Protocol work too: ",
      element("a", { href: "/docs" }, "all routes"),
      ".",
    ),
  );
  connectTabs(list);
}

function tab({ id, name }: Snippet): HTMLElement {
  return element(
    "button",
    { type: "button", role: "tab", id: `code-tab-${id}`, "aria-controls": `code-panel-${id}` },
    name,
  );
}

function panel({ id, name, code }: Snippet): HTMLElement {
  return element(
    "div",
    { role: "tabpanel", id: `code-panel-${id}`, "aria-labelledby": `code-tab-${id}`, class: "snippet" },
    // Can be scrolled, so it must be reachable by keyboard.
    element("pre", { tabindex: 0 }, element("code", {}, code)),
    copyButton(`the ${name} code`, () => code),
  );
}
