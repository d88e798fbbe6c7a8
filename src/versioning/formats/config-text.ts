/** The text of `.dvc/config`: sections of keys and values as Python's configobj reads and writes them. */
import { AppError } from "../../base/errors.ts";

/** A list is what stands there with commas and without quotes. */
export type ConfigValue = string | readonly string[];
/** By name, in lower case as DVC takes it: `core`, `remote "storage"`. */
export type ConfigSections = ReadonlyMap<string, ReadonlyMap<string, ConfigValue>>;

/** Names are taken in lower case. No message has a value in it. Errors: DATA_CONFIG_INVALID. */
export function parseConfig(text: string, where: string): ConfigSections {
  const sections = new Map<string, Map<string, ConfigValue>>();
  let current: Map<string, ConfigValue> | undefined;
  const lines = text.replace(/^\ufeff/, "").split(/\r\n?|\n/);
  for (const [at, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const place = `${where}, line ${at + 1}`;
    const title = /^\[\s*("\s*\S.*?"|'\s*\S.*?'|[^'"\s[].*?)\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
    if (title !== undefined) {
      const name = sectionName(unquoted(title));
      if (sections.has(name)) throw invalid("each section once", `[${name}] again`, place);
      current = new Map();
      sections.set(name, current);
      continue;
    }
    const [, key, value] = /^("[^"]*"|'[^']*'|[^'"=[][^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined || current === undefined)
      throw invalid("a [section], or a key = value in one", "another line", place);
    const name = unquoted(key).toLowerCase();
    if (current.has(name)) throw invalid("each key of a section once", `${name} again`, place);
    current.set(name, parseValue(value, place));
  }
  return sections;
}

/** As `remote "name"`, however it is spaced. */
function sectionName(title: string): string {
  const [, kind, name] = /^\s*(remote|machine|db)\s*"(.*)"\s*$/.exec(title.toLowerCase()) ?? [];
  return kind === undefined ? title.toLowerCase() : `${kind} "${name}"`;
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

/** Without quotes, and without a comment behind it; a semicolon begins none. */
function parseValue(text: string, where: string): ConfigValue {
  const triple = /^("""|''')(.*?)\1\s*(?:#.*)?$/.exec(text)?.[2];
  if (triple !== undefined) return triple;
  if (/^(#.*)?$/.test(text)) return "";
  if (/^,\s*(#.*)?$/.test(text)) return [];
  const items: string[] = [];
  let rest = text;
  for (let isList = false; ; isList = true) {
    const found = /^(?:"(.*?)"|'(.*?)'|([^'",#][^,#]*?))\s*(?:(,)\s*|(?:#.*)?$)/.exec(rest);
    if (!found) throw invalid("a value, in quotes that end where it has commas or #", "another text", where);
    const [whole, double, single, plain, comma] = found;
    items.push(double ?? single ?? plain ?? "");
    rest = rest.slice(whole.length);
    if (comma === undefined) return isList ? items : items[0]!;
    if (/^(#.*)?$/.test(rest)) return items;
  }
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("DATA_CONFIG_INVALID", { required, received, where });
}

/** With one section's values set (undefined removes a key); without the section where `values` is undefined. */
export function editConfig(
  sections: ConfigSections,
  name: string,
  values: Readonly<Record<string, ConfigValue | undefined>> | undefined,
): ConfigSections {
  const edited = new Map(sections);
  const section = new Map(sections.get(name));
  for (const [key, value] of Object.entries(values ?? {})) {
    if (value === undefined) section.delete(key);
    else section.set(key, value);
  }
  if (values === undefined) edited.delete(name);
  else edited.set(name, section);
  return edited;
}

/** Byte for byte as DVC writes it: without comments and empty sections, those with a name last. */
export function writeConfig(sections: ConfigSections): string {
  const kindOf = (name: string): number =>
    ["remote", "machine", "db"].findIndex((kind) => name.startsWith(`${kind} "`));
  return [...sections]
    .filter(([name, values]) => values.size > 0 || kindOf(name) !== -1)
    .sort(([a], [b]) => kindOf(a) - kindOf(b))
    .map(([name, values]) => {
      const title = name.includes('"') ? `['${name}']` : `[${name}]`;
      return [title, ...[...values].map(([key, value]) => `    ${key} = ${valueText(value)}`), ""].join("\n");
    })
    .join("");
}

function valueText(value: ConfigValue): string {
  if (typeof value === "string") return quoted(value);
  if (value.length < 2) return `${value.map(quoted).join("")},`;
  return value.map(quoted).join(", ");
}

/** In quotes where configobj would take it for something else. */
function quoted(value: string): string {
  if (value.includes("'") && value.includes('"')) return `'''${value}'''`;
  if (value !== "" && !/[,#]|^[\s'"]|[\s'"]$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
