/** JSON from outside, whose depth and number of values are bounded before it is parsed. */

/**
 * Deeper than anything that Pawprint writes or asks for. Values within it can be walked, compared
 * and written again by recursive functions without a full stack.
 */
export const deepestJson = 64;

/** More than any file of Pawprint has: some 200 MB of memory. */
const mostValues = 4_000_000;

/** JSON beyond its limits; the message is a noun phrase. */
class JsonExcess extends SyntaxError {}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The value of a JSON text (bytes are UTF-8, without a byte order mark). Its limits are checked
 * first, in one pass over the bytes: a value of 100,000 levels parses, and then overflows the stack
 * of whatever walks it.
 * Throws a SyntaxError for what is no JSON or beyond its limits, a TypeError for bytes that are not
 * UTF-8; the caller gives it a code, and says it by `jsonFaultOf`.
 */
export function parseBoundedJson(source: string | Uint8Array, limits: Partial<JsonLimits> = {}): unknown {
  const { depth = deepestJson, lists = mostValues, names = mostValues } = limits;
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source;
  const passed = passedLimit(bytes, { depth, lists, names });
  if (passed === "depth") throw new JsonExcess(`JSON nested more than ${depth} levels deep`);
  if (passed === "lists") throw new JsonExcess(`JSON of more than ${lists} lists`);
  if (passed === "names") throw new JsonExcess(`JSON of more than ${names} texts and objects`);
  return JSON.parse(typeof source === "string" ? source : utf8.decode(source));
}

/** What `parseBoundedJson` got instead of JSON, a noun phrase that quotes nothing of it. */
export function jsonFaultOf(error: unknown): string {
  return error instanceof JsonExcess ? error.message : "other text";
}

/** What a JSON text may hold at most. */
export interface JsonLimits {
  readonly depth: number;
  /** Items of lists and objects, by the commas between them. */
  readonly items?: number;
  readonly lists?: number;
  /** Texts, keys among them, and objects. */
  readonly names?: number;
}

const [quote, backslash] = [0x22, 0x5c];
const [openList, closeList, openObject, closeObject, comma] = [0x5b, 0x5d, 0x7b, 0x7d, 0x2c];

const unlimited = Number.POSITIVE_INFINITY;

/**
 * The first limit that a text passes, in one look at each byte; whether it is JSON at all is left to
 * the parser. 16 MiB of brackets, or of names, take `JSON.parse` 2 seconds and 0.8 GB.
 */
export function passedLimit(
  bytes: Uint8Array,
  { depth, items = unlimited, lists = unlimited, names = unlimited }: JsonLimits,
): keyof JsonLimits | undefined {
  let open = 0;
  let itemCount = 0;
  let listCount = 0;
  let nameCount = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case quote:
        at = endOfString(bytes, at + 1);
        if (++nameCount > names) return "names";
        break;
      case openObject:
        if (++open > depth) return "depth";
        if (++nameCount > names) return "names";
        break;
      case openList:
        if (++open > depth) return "depth";
        if (++listCount > lists) return "lists";
        break;
      case comma:
        if (++itemCount > items) return "items";
        break;
      case closeList:
      case closeObject:
        open--;
    }
  }
  return undefined;
}

/** Where the quote stands that ends a string; past the end of the bytes where none does. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte !== undefined && byte !== quote; byte = bytes[at]) at += byte === backslash ? 2 : 1;
  return at;
}
