/** How wide text is in fonts without serifs, where no font can be asked. */
import { shortenText } from "./visible-text.ts";

/**
 * The width of a line of text in multiples of its font's size, rather more than less, for fonts
 * without serifs.
 */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/[\p{M}\u200d]/u.test(character)) continue;
    if (/[ijlI.,:;'|!()[\]ftr ]/.test(character)) width += 0.36;
    else if (/[mwMW@%]/.test(character)) width += 0.92;
    else if (/[A-Z0-9_]/.test(character)) width += 0.66;
    else width += character <= "\u04ff" ? 0.6 : 1;
  }
  return width;
}

/** The longest beginning of the text that is no wider, in multiples of the font's size. */
export function shortenToWidth(text: string, width: number): string {
  // No character is narrower than a third of the font's size.
  let shown = shortenText(text, Math.max(1, Math.floor(width * 3)));
  for (let length = [...shown].length - 1; textWidth(shown) > width && length > 0; length--) {
    shown = shortenText(text, length);
  }
  return shown;
}
