/** Names from outside as a reader can tell them apart and no layout can be broken by them. */

/**
 * Characters that draw nothing or turn the direction of the text; ZERO WIDTH JOINER stays, since
 * emoji are joined by it.
 */
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFFE\uFFFF]/gu;

const shortForms: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * The text with characters that cannot be seen (line breaks, controls, changes of direction) as
 * escapes: `a\nb`, `\u{202e}`.
 */
export function visibleText(text: string): string {
  return text.replace(unseen, (character) => shortForms[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/**
 * The value as JSON in one line of characters that can be seen, whatever its texts hold: those that
 * `visibleText` escapes are written as `\u202e`. It reads as the same value.
 */
export function visibleJson(value: unknown): string {
  return visibleJsonText(JSON.stringify(value));
}

/** The same for JSON that was written already; line breaks stay, since they stand between its values. */
export function visibleJsonText(json: string): string {
  const code = (character: string): string => character.charCodeAt(0).toString(16).padStart(4, "0");
  return json.replace(unseen, (character) => (character === "\n" ? character : `\\u${code(character)}`));
}

/**
 * At most `length` characters as readers count them, the last an ellipsis where something was cut
 * off.
 */
export function shortenText(text: string, length: number): string {
  const characters = charactersOf(text);
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : text;
}

/** The same with the ellipsis in the middle: paths differ at their ends. */
export function shortenMiddle(text: string, length: number): string {
  const characters = charactersOf(text);
  if (characters.length <= length) return text;
  const head = Math.floor((length - 1) / 3);
  return `${characters.slice(0, head).join("")}…${characters.slice(head + 1 - length).join("")}`;
}

let segmenter: Intl.Segmenter | undefined;

/** Characters as readers count them: an emoji of several code points, a letter with its accents. */
function charactersOf(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter("en"); // 7 ms, which most commands need not spend
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
