/** The rule for valid labels, wherever they come from: folder names, file names, manifests. */

/** What every common file system allows for a name, so that a label can be the name of a folder. */
const sizeLimitBytes = 255;

/** Control characters, line and paragraph separators, and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

export type ReadLabel = { readonly label: string; readonly fault?: undefined } | { readonly fault: string };

/**
 * The label that a text stands for: without white space around it, in Unicode's composed form
 * (NFC), so that one name is one class however it was typed. `fault` says in words why a text
 * cannot be a label; it is short whatever the text is.
 */
export function readLabel(text: string): ReadLabel {
  const label = text.trim().normalize("NFC");
  const sizeBytes = Buffer.byteLength(label);
  if (label === "") return { fault: "an empty label" };
  if (sizeBytes > sizeLimitBytes) {
    return { fault: `label ${quoted(label)} of ${sizeBytes} bytes, more than ${sizeLimitBytes}` };
  }
  if (unprintable.test(label)) return { fault: `label ${quoted(label)} with a line break or a control character` };
  if (label === "." || label === ".." || /[/\\]/.test(label)) {
    return { fault: `label ${quoted(label)}, which cannot be the name of a folder` };
  }
  return { label };
}

/** Any text as one short line for messages. */
export function quoted(text: string, lengthLimit = 40): string {
  const characters = [...text.slice(0, 2 * lengthLimit + 2)];
  const isLong = characters.length > lengthLimit;
  const shown = JSON.stringify(characters.slice(0, lengthLimit).join("")).slice(1, -1).replaceAll('\\"', '"');
  return `'${shown}${isLong ? "..." : ""}'`;
}

/** `'a', 'b' and 3 more`: the first `limit` of some texts as one short line for messages. */
export function quotedList(texts: readonly string[], limit: number, lengthLimit?: number): string {
  const shown = texts.slice(0, limit).map((text) => quoted(text, lengthLimit));
  return `${shown.join(", ")}${texts.length > limit ? ` and ${texts.length - limit} more` : ""}`;
}
