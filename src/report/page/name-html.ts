/** Names from outside in a page. */
import { shortenMiddle, visibleText } from "../../base/visible-text.ts";
import { type Html, html } from "./html.ts";

/**
 * A name of whatever script, kept to itself (`bdi`), so that right-to-left names do not turn what
 * stands beside them; cut in its middle where it is longer than `length`.
 */
export function nameHtml(name: string, length = Number.POSITIVE_INFINITY): Html {
  const text = shortenMiddle(visibleText(name), length);
  return text === "" ? html`<bdi class="name empty">(empty)</bdi>` : html`<bdi class="name">${text}</bdi>`;
}
