import { describe, expect, it } from "vitest";
import { countOf, formatShare, listText } from "./elements.ts";
import { html } from "./html.ts";
import { type Page, renderPage } from "./page.ts";

const page: Page = {
  title: "Dataset check <1>",
  headline: html`2 errors in <b>cats</b>`,
  sections: [
    { id: "classes", title: "Classes & splits", body: html`<p>two</p>` },
    {
      id: "findings",
      title: "Findings",
      body: html`<h3 id="truncated">x</h3>`,
      entries: [{ id: "truncated", title: "truncated", aside: "7" }],
    },
  ],
  version: "1.2.3",
  now: new Date("2025-03-04T05:06:07Z"),
};

describe("a page", () => {
  it("has headings with a table of contents, and says what made it and when", () => {
    const text = renderPage(page);
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(text).toContain("<title>Dataset check &#60;1&#62;</title>");
    expect(text).toContain("<h1>2 errors in <b>cats</b></h1>");
    expect(text).toContain('<a href="#classes">Classes &#38; splits</a>');
    expect(text).toContain('<h2 id="classes-title">Classes &#38; splits</h2>');
    expect(text).toContain('<a href="#truncated"><span>truncated</span> <span>7</span></a>');
    expect(text).toContain(
      'Made by Pawprint 1.2.3 on <time datetime="2025-03-04T05:06:07.000Z">2025-03-04 05:06 UTC</time>',
    );
  });

  it("may load nothing and run nothing", () => {
    const text = renderPage(page);
    expect(text).toContain("default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;");
    expect(text).not.toMatch(/https?:\/\/|<script|<link|@import|url\(/);
  });

  it("has a light and a dark set of colours, and prints in light", () => {
    expect(renderPage(page)).toContain("@media screen and (prefers-color-scheme: dark) { :root { --background:");
  });
});

describe("figures as words", () => {
  it("agree in number and are grouped by thousands", () => {
    expect([countOf(1, "class", "classes"), countOf(0, "error"), countOf(22_500, "picture")]).toEqual([
      "1 class",
      "0 errors",
      "22,500 pictures",
    ]);
    expect([listText([]), listText(["a"]), listText(["a", "b"]), listText(["a", "b", "c"])]).toEqual([
      "",
      "a",
      "a and b",
      "a, b and c",
    ]);
  });

  it("never round a share to all or to nothing", () => {
    expect([0, 0.0001, 0.125, 0.99999, 1].map(formatShare)).toEqual([
      "0.0 %",
      "< 0.1 %",
      "12.5 %",
      "> 99.9 %",
      "100.0 %",
    ]);
  });
});
