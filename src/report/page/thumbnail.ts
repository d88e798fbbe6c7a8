/** Small pictures in pages, their bytes inside the page. */
import { visibleText } from "../../base/visible-text.ts";
import { declaredSize, sniffFormat } from "../../image/format.ts";
import { type Html, html } from "./html.ts";

/** Pictures up to this size are enlarged pixel by pixel. */
const smallSidePx = 64;

/** What a picture is called where it cannot be seen: names beside it may be cut. */
export function altText(id: string): string {
  return `The picture ${visibleText(id)}`;
}

/** The picture of a JPEG's or PNG's bytes, as large as its place lets it be. */
export function thumbnailHtml(bytes: Uint8Array, alt: string): Html {
  const { width = 0, height = 0 } = declaredSize(bytes) ?? {};
  const isSmall = Math.max(width, height) <= smallSidePx;
  const source = `data:image/${sniffFormat(bytes) ?? "png"};base64,${Buffer.from(bytes).toString("base64")}`;
  return html`<img alt="${alt}"${isSmall && html` class="pixelated"`} src="${source}">`;
}
