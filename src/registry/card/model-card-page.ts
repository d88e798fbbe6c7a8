/** A model card as a page that needs no other file. */
import { html } from "../../report/page/html.ts";
import { nameHtml } from "../../report/page/name-html.ts";
import { renderPage } from "../../report/page/page.ts";
import { type CardFacts, figuresOf } from "./card-facts.ts";
import { percentText } from "./card-sections.ts";
import { markdownHtml, markdownSections } from "./markdown-html.ts";

/** HTML of `markdown`, a card as `renderModelCard` made it or people changed it. */
export function renderModelCardPage(
  facts: CardFacts,
  markdown: string,
  { version, now }: { readonly version: string; readonly now: Date },
): string {
  const { accuracy } = figuresOf(facts.bundle);
  const name = facts.version ? `${facts.name} ${facts.version.version}` : facts.name;
  return renderPage({
    title: "Model card",
    headline: html`${nameHtml(name)}${accuracy !== undefined && html`: ${percentText(accuracy)} accuracy`}`,
    sections: markdownSections(markdown).map(({ title, body }, at) => ({
      id: `section-${at + 1}`,
      title,
      body: markdownHtml(body),
    })),
    version,
    now,
  });
}
