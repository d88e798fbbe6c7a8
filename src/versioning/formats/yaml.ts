/** YAML 1.2 as ruamel.yaml reads and writes it, which DVC uses: integers and floats are kept apart. */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, Scalar } from "yaml";
import { parseBoundedYaml } from "../../base/bounded-yaml.ts";
import { AppError } from "../../base/errors.ts";
import type { ParamMap, ParamValue } from "./param-value.ts";
import { plainKindOf, plainText, plainValue } from "./plain-word.ts";
import { nodeOf, PlainKeyMap } from "./yaml-node.ts";
import { writeNode } from "./yaml-writer.ts";

/** Values, aliases counted as often as they are used. */
const mostValues = 1_000_000;

/** The text of a value, as DVC writes a new file. */
export function writeYaml(value: ParamValue): string {
  return writeNode(nodeOf(value));
}

/**
 * What an alias stands for is one value at both places. Keys that are numbers, true, false or null
 * are their texts, and stay known as such (`PlainKeyMap`).
 * Errors: DATA_FILE_INVALID, also for dates, tags, aliases without bound, and too deep nesting.
 */
export function parseYaml(text: string, where: string): ParamValue {
  return new ValueReader(where).read(parseDocument(text, where).contents);
}

/** Errors: DATA_FILE_INVALID. */
export function parseDocument(text: string, where: string): Document.Parsed {
  try {
    return parseBoundedYaml(text);
  } catch (error) {
    throw invalid(where, "YAML", error instanceof Error ? error.message.split("\n")[0]! : String(error));
  }
}

export function invalid(where: string, required: string, received: string): AppError {
  return new AppError("DATA_FILE_INVALID", { required, received, where });
}

/** Errors: DATA_FILE_INVALID for a tag other than that of a text. */
export function refuseTag({ tag }: { readonly tag?: string }, where: string): void {
  if (tag === undefined || tag === "!" || /^tag:yaml\.org,2002:(str|map|seq)$/.test(tag)) return;
  throw invalid(where, "values without tags", `the tag ${tag}`);
}

class ValueReader {
  readonly #where: string;
  readonly #anchored = new Map<string, { readonly value: ParamValue; readonly count: number }>();
  #count = 0;

  constructor(where: string) {
    this.#where = where;
  }

  read(node: unknown): ParamValue {
    if (isAlias(node)) return this.#aliased(node.source);
    const before = this.#count;
    this.#add(1);
    const value = this.#valueOf(node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchored.set(anchor, { value, count: this.#count - before });
    return value;
  }

  #aliased(name: string): ParamValue {
    const known = this.#anchored.get(name);
    if (known === undefined) throw invalid(this.#where, "an anchor before its alias", `the alias *${name}`);
    this.#add(known.count);
    return known.value;
  }

  #add(count: number): void {
    this.#count += count;
    if (this.#count > mostValues) throw invalid(this.#where, `at most ${mostValues} values`, "more than that");
  }

  #valueOf(node: unknown): ParamValue {
    if (node === null || node === undefined) return null;
    if (isMap(node)) return this.#mapOf(node.items);
    if (isSeq(node)) return node.items.map((item) => this.read(item));
    if (!isScalar(node)) throw invalid(this.#where, "maps, lists and plain values", "something else");
    refuseTag(node, this.#where);
    const word = String(node.value ?? "");
    if (node.type === Scalar.QUOTE_SINGLE) return withoutFolds(word);
    if (node.type !== Scalar.PLAIN || node.tag !== undefined) return word;
    const kind = plainKindOf(word);
    if (kind === "date" || kind === "value") {
      const received = kind === "date" ? `the date ${word}` : "the word '='";
      throw invalid(this.#where, "values that JSON has too: texts, numbers, true, false and null", received);
    }
    return plainValue(word);
  }

  #mapOf(items: readonly unknown[]): ParamMap {
    const map = new Map<string, ParamValue>();
    const plainKeys = new Set<string>();
    const merged: ParamMap[] = [];
    for (const item of items) {
      if (!isPair(item)) continue;
      if (isMergeKey(item.key)) {
        merged.push(...this.#mergedOf(this.read(item.value)));
        continue;
      }
      const key = this.read(item.key);
      if (typeof key === "object" && key !== null) throw invalid(this.#where, "keys that are texts", "a map or list");
      const name = typeof key === "string" ? key : key === null ? "null" : plainText(key);
      if (map.has(name)) throw invalid(this.#where, "each key once in a map", `'${name.slice(0, 60)}' twice`);
      if (typeof key !== "string") plainKeys.add(name);
      map.set(name, this.read(item.value));
    }
    for (const more of merged) for (const [key, value] of more) if (!map.has(key)) map.set(key, value);
    return plainKeys.size === 0 ? map : new PlainKeyMap(map, plainKeys);
  }

  #mergedOf(value: ParamValue): readonly ParamMap[] {
    const all = Array.isArray(value) ? (value as readonly ParamValue[]) : [value];
    return all.map((one) => {
      if (one instanceof Map) return one;
      throw invalid(this.#where, "mappings under the key <<", "something else");
    });
  }
}

/** The separators of YAML 1.1 end a line for ruamel too: it writes them with the indentation behind. */
export function withoutFolds(quoted: string): string {
  return quoted.replace(/ *([\u0085\u2028\u2029]+) */g, "$1");
}

export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.value === "<<";
}
