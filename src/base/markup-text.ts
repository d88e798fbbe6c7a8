/** Text that stands in HTML, XML and SVG. */

/**
 * The text with HTML's and XML's special characters as entities; characters that neither may hold
 * become U+FFFD.
 */
export function escapeText(text: string): string {
  return wellFormedText(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Without control characters (other than tab and line break), noncharacters and halves of surrogate
 * pairs, which XML 1.0 forbids.
 */
export function wellFormedText(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]|\p{Cs}|[\uFFFE\uFFFF]/gu, "\uFFFD");
}
