/** JSON from outside, whose depth and number of values are bounded before it is parsed. */

export interface JsonBounds {
  /** How many lists and objects may stand in one another. */
  readonly depth?: number;
  /** Texts (names too), lists and objects; numbers are cheap and not counted. */
  readonly values?: number;
}

/**
 * Deeper and more than anything that Pawprint writes or asks for. Values within 64 levels can be
 * walked, compared and written again by recursive functions without a full stack; 4 million take
 * some 100 MB.
 */
const usual = { depth: 64, values: 4_000_000 };

/** JSON beyond its bounds; the message is a noun phrase. */
class JsonExcess extends SyntaxError {}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The value of a JSON text (bytes are UTF-8, without a byte order mark). Its bounds are checked
 * first, in one pass over the bytes: a value of 100,000 levels parses, and then overflows the stack
 * of whatever walks it.
 * Throws a SyntaxError for what is no JSON or beyond its bounds, a TypeError for bytes that are not
 * UTF-8; the caller gives it a code, and says it by `jsonFaultOf`.
 */
export function parseBoundedJson(source: string | Uint8Array, bounds?: JsonBounds): unknown {
  requireBounded(typeof source === "string" ? new TextEncoder().encode(source) : source, { ...usual, ...bounds });
  return JSON.parse(typeof source === "string" ? source : utf8.decode(source));
}

/** What `parseBoundedJson` got instead of JSON, a noun phrase that quotes nothing of it. */
export function jsonFaultOf(error: unknown): string {
  return error instanceof JsonExcess ? error.message : "other text";
}

const quote = 0x22;
const backslash = 0x5c;

function requireBounded(bytes: Uint8Array, { depth, values }: Required<JsonBounds>): void {
  let open = 0;
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      count++;
      at = endOfString(bytes, at + 1);
      continue;
    }
    // "[" and "{" differ in this bit alone, and so do "]" and "}".
    const bracket = byte | 0x20;
    if (bracket === 0x7b) {
      count++;
      if (++open > depth) throw new JsonExcess(`JSON nested more than ${depth} levels deep`);
    } else if (bracket === 0x7d) open--;
  }
  if (count > values) throw new JsonExcess(`JSON of ${count} texts, lists and objects, where ${values} are the most`);
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
