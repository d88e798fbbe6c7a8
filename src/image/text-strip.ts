/** Lines of text as an SVG that is laid over a picture. */
import { escapeText } from "../base/markup-text.ts";
import { shortenToWidth } from "../base/text-width.ts";
import { visibleText } from "../base/visible-text.ts";

export interface LineOfText {
  readonly text: string;
  /** Of the box that the line is clipped to, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly fontPx: number;
  readonly isBold?: boolean;
  readonly isMuted?: boolean;
}

const colours = { text: "#1c2430", muted: "#5b6675" } as const;

/** The line as an element of `textStrip`, shortened to its width. */
export function lineOfText({ text, left, top, width, fontPx, isBold, isMuted }: LineOfText): string {
  const shown = escapeText(shortenToWidth(visibleText(text), width / fontPx));
  const style = `font-size="${fontPx}" fill="${isMuted ? colours.muted : colours.text}"${isBold ? ' font-weight="bold"' : ""}`;
  const height = Math.ceil(fontPx * 1.6);
  return `<svg x="${left}" y="${top}" width="${width}" height="${height}"><text x="0" y="${(fontPx * 1.2).toFixed(1)}" ${style}>${shown}</text></svg>`;
}

/**
 * An SVG of this size with the given elements; transparent elsewhere. Text stays empty where no
 * font is installed.
 */
export function textStrip(
  { width, height }: { readonly width: number; readonly height: number },
  elements: readonly string[],
): Buffer {
  const size = `width="${width}" height="${height}"`;
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif">${elements.join("")}</svg>`,
  );
}
