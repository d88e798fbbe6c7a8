/**
 * MLflow's `meta.yaml`: read as strings, so that an id such as `1e34` stays what it is, and written
 * so that PyYAML reads strings as strings.
 */
import { isMap, isScalar } from "yaml";
import { parseBoundedYaml } from "../../base/bounded-yaml.ts";

export type MetaValue = string | null | ReadonlyMap<string, string>;
export type Meta = ReadonlyMap<string, MetaValue>;

/** What a `meta.yaml` is written from; an empty list is all that MLflow keeps of lists there. */
export type MetaSource = string | number | null | readonly [] | ReadonlyMap<string, string>;

/**
 * The entries of a mapping: plain nulls are null, lists too, all else is text. Undefined for text
 * that is no YAML mapping. Lines of `key: value`, which is nearly all there is, are read without the
 * YAML parser, which takes a hundred times as long.
 */
export function parseMeta(text: string): Meta | undefined {
  return parseFlat(text) ?? parseYaml(text);
}

/** One value of `key: value`; undefined where only a YAML parser can tell what it is. */
function parseFlatValue(text: string): MetaValue | undefined {
  const first = text.charCodeAt(0);
  if (first === 39 /* ' */) {
    if (text.length < 2 || !text.endsWith("'")) return undefined;
    const inner = text.slice(1, -1);
    if (!inner.includes("'")) return inner;
    return /^(?:[^']|'')*$/.test(inner) ? inner.replaceAll("''", "'") : undefined;
  }
  if (text === "null" || text === "[]" || text === "~") return null;
  // Letters, digits and / begin a plain value.
  const isPlain = (first >= 47 && first <= 57) || (first >= 65 && first <= 90) || (first >= 97 && first <= 122);
  if (!isPlain || text.includes(": ") || text.includes(" #") || text.endsWith(":")) return undefined;
  return text;
}

function parseFlat(text: string): Meta | undefined {
  const found = new Map<string, MetaValue>();
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const colon = text.indexOf(": ", start);
    if (colon < 0 || colon >= end) return undefined;
    const key = text.slice(start, colon);
    const value = parseFlatValue(text.slice(colon + 2, end));
    if (value === undefined || !/^[a-z_]+$/.test(key) || found.has(key)) return undefined;
    if (text.charCodeAt(end - 1) <= 32) return undefined;
    found.set(key, value);
    start = end + 1;
  }
  return found.size === 0 ? undefined : found;
}

function yamlContents(text: string): unknown {
  try {
    return parseBoundedYaml(text).contents;
  } catch {
    return undefined; // no YAML, or nested too deeply: no meta.yaml of MLflow's
  }
}

function parseYaml(text: string): Meta | undefined {
  const contents = yamlContents(text);
  if (!isMap(contents)) return undefined;
  const found = new Map<string, MetaValue>();
  for (const { key, value } of contents.items) {
    if (!isScalar(key)) return undefined;
    found.set(String(key.value), isMap(value) ? new Map(stringsOf(value.items)) : scalarOf(value));
  }
  return found;
}

function* stringsOf(items: readonly { readonly key: unknown; readonly value: unknown }[]): Generator<[string, string]> {
  for (const { key, value } of items) {
    if (isScalar(key)) yield [String(key.value), scalarOf(value) ?? ""];
  }
}

/** Lists and aliases, which MLflow does not write, are null. */
function scalarOf(node: unknown): string | null {
  if (!isScalar(node)) return null;
  const text = String(node.value);
  const isNull = node.type === "PLAIN" && /^(?:null|Null|NULL|~|)$/.test(text);
  return isNull ? null : text;
}

/** As PyYAML writes it: the keys in order, one line each; strings are quoted unless they are a word. */
export function formatMeta(entries: Readonly<Record<string, MetaSource>>): string {
  const lines = Object.keys(entries)
    .sort()
    .map((key) => `${key}:${formatValue(entries[key] ?? null)}`);
  return `${lines.join("\n")}\n`;
}

function formatValue(value: MetaSource): string {
  if (value === null || typeof value === "number") return ` ${value}`;
  if (typeof value === "string") return ` ${formatText(value)}`;
  if (!(value instanceof Map)) return " []";
  if (value.size === 0) return " {}";
  return [...value].map(([key, text]) => `\n  ${formatText(key)}: ${formatText(text)}`).join("");
}

/** Words that YAML 1.1 reads as something else. */
const reservedWords = new Set(["null", "true", "false", "yes", "no", "on", "off", "y", "n"]);

function formatText(text: string): string {
  if (/^[A-Za-z][A-Za-z_]*$/.test(text) && !reservedWords.has(text.toLowerCase())) return text;
  if (/^[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text))
    return `'${text.replaceAll("'", "''")}'`;
  // JSON's escapes are YAML's; what PyYAML takes for no printable character is escaped, too.
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
