import { describe, expect, it } from "vitest";
import { html, raw } from "./html.ts";

describe("the html template", () => {
  it("escapes text in content and in attributes", () => {
    const name = `"><script>alert('1')</script>&amp;`;
    expect(`${html`<a title="${name}">${name}</a>`}`).not.toMatch(/<script|<\/script|"[^>]*"[^>]*"/);
    expect(`${html`<b>${"a < b & c"}</b>`}`).toBe("<b>a &#60; b &#38; c</b>");
  });

  it("keeps what is HTML already, joins lists, and leaves out what is absent", () => {
    const items = ["<1>", "2"].map((text) => html`<li>${text}</li>`);
    expect(`${html`<ul>${items}</ul>${undefined}${null}${false}${0}`}`).toBe(
      "<ul><li>&#60;1&#62;</li><li>2</li></ul>0",
    );
    expect(`${html`${raw("<svg/>")}`}`).toBe("<svg/>");
  });

  it("never reads backslashes of the template's text as something else", () => {
    expect(`${html`<p>a\tb${"\\n"}</p>`}`).toBe("<p>a\tb\\n</p>");
  });
});
