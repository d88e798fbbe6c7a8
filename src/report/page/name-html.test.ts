import { expect, it } from "vitest";
import { nameHtml } from "./name-html.ts";

it("stands isolated and escaped in HTML", () => {
  expect(`${nameHtml("<b>\n")}`).toBe('<bdi class="name">&#60;b&#62;\\n</bdi>');
  expect(`${nameHtml("")}`).toContain("(empty)");
});
