/** JSON from outside, whose depth is bounded before it is parsed. */

/**
 * Deeper than anything that Pawprint writes or asks for. Values within it can be walked, compared
 * and written again by recursive functions without a full stack.
 */
export const deepestJson = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The value of a JSON text (bytes are UTF-8, without a byte order mark). Its depth is checked
 * first, in one pass over the bytes: a value of 100,000 levels parses, and then overflows the stack
 * of whatever walks it.
 * Throws a SyntaxError for what is no JSON or nested deeper than `depth`, a TypeError for bytes that
 * are not UTF-8; the caller gives it a code. The message may quote the text.
 */
export function parseBoundedJson(source: string | Uint8Array, depth: number = deepestJson): unknown {
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source;
  if (isDeeperThan(bytes, depth)) throw new SyntaxError(`JSON nested more than ${depth} levels deep`);
  return JSON.parse(typeof source === "string" ? source : utf8.decode(source));
}

const quote = 0x22;
const backslash = 0x5c;

/** Whether arrays and objects of a JSON text stand in one another more than `depth` times. */
export function isDeeperThan(bytes: Uint8Array, depth: number): boolean {
  let open = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at = endOfString(bytes, at + 1);
      continue;
    }
    // "[" and "{" differ in this bit alone, and so do "]" and "}".
    const bracket = byte | 0x20;
    if (bracket === 0x7b) {
      if (++open > depth) return true;
    } else if (bracket === 0x7d) open--;
  }
  return false;
}

/** Where the quote stands that ends a string; the end of the bytes where none does. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = bytes.indexOf(quote, start); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let slashes = 0;
    while (end - slashes > start && bytes[end - slashes - 1] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return bytes.length;
}
