/** Reads a YAML text as a tree that keeps order, comments, blank lines, flow style and anchors. */
import { isAlias, isMap, isScalar, isSeq, type Pair, Scalar } from "yaml";
import { plainKindOf, plainText, plainValue } from "./plain-word.ts";
import { invalid, parseDocument, refuseTag, withoutFolds } from "./yaml.ts";
import type { MapNode, ScalarNode, Trailer, YamlNode } from "./yaml-node.ts";
import { writeNode } from "./yaml-writer.ts";

/** A text that is to be edited. */
export interface EditableYaml {
  readonly root: YamlNode;
  /** Comments and blank lines above everything. */
  readonly head: string;
}

/** Errors: DATA_FILE_INVALID. */
export function parseEditable(text: string, where: string): EditableYaml {
  const root = new NodeReader(text, where).read(parseDocument(text, where).contents);
  const first = /^(?:(?:[ \t]*(?:#[^\n]*)?|%[^\n]*)\n)*---[ \t]*\n/.exec(text)?.[0].length ?? 0;
  const above = /^(?:[ \t]*(?:#[^\n]*)?\n)*/.exec(text.slice(first))?.[0] ?? "";
  const head = above.replace(/^[ \t]+$/gm, "").replace(/^\n/, ""); // ruamel drops a blank line at the top
  return { root, head };
}

export function writeEditable({ root, head }: EditableYaml): string {
  return writeNode(root, head);
}

type Ranged = { readonly range?: readonly [number, number, number] | null };

class NodeReader {
  readonly #text: string;
  readonly #where: string;
  readonly #anchored = new Map<string, YamlNode>();

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  read(node: unknown): YamlNode {
    if (isAlias(node)) {
      const known = this.#anchored.get(node.source);
      if (known === undefined) throw invalid(this.#where, "an anchor before its alias", `the alias *${node.source}`);
      return known;
    }
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    const read = this.#nodeOf(node);
    if (anchor === undefined) return read;
    // Names such as id001 were made by the writer, which counts them anew.
    const named = /^id\d+$/.test(anchor) && read.kind !== "scalar" ? read : { ...read, anchor };
    this.#anchored.set(anchor, named);
    return named;
  }

  #nodeOf(node: unknown): YamlNode {
    if (isMap(node)) return this.#mapOf(node.items, node.flow === true && node.items.length > 0, node);
    if (isSeq(node)) {
      const items = node.items.map((item) => ({ value: this.read(item), ...this.#trailerOf(item) }));
      const isFlow = node.flow === true && items.length > 0; // [] and {} become blocks when they are filled
      return { kind: "seq", isFlow, items, ...this.#ownTrailer(node, node.flow === true) };
    }
    if (!isScalar(node)) return { kind: "scalar", value: "", isText: false };
    refuseTag(node, this.#where);
    return scalarFrom(node, this.#text.slice(node.range?.[0], node.range?.[1]));
  }

  #mapOf(items: readonly Pair[], isFlow: boolean, node: Ranged): MapNode {
    const pairs = items.map(({ key, value }) => {
      const keyNode = this.read(key);
      if (keyNode.kind !== "scalar") throw invalid(this.#where, "keys that are texts", "a map or list as a key");
      return { key: keyNode, value: this.read(value), ...this.#trailerOf(value ?? key) };
    });
    return { kind: "map", isFlow, pairs, ...this.#ownTrailer(node, isFlow || items.length === 0) };
  }

  /** Behind a single value. */
  #trailerOf(node: unknown): { readonly trailer?: Trailer } {
    return isScalar(node) || isAlias(node) ? this.#trailerAt(node.range?.[1]) : {};
  }

  /** Of a block: between the key and the first entry. Of a flow collection: behind its end. */
  #ownTrailer({ range }: Ranged, isFlow: boolean): { readonly trailer?: Trailer } {
    if (!range) return {};
    if (isFlow) return this.#trailerAt(range[1]);
    const before = this.#text.slice(0, range[0]);
    const colon = /:[ \t]*((?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*)$/.exec(before);
    return colon?.[1] === undefined ? {} : this.#trailerAt(before.length - colon[1].length);
  }

  #trailerAt(offset: number | undefined): { readonly trailer?: Trailer } {
    if (offset === undefined) return {};
    const isAtLineStart = this.#text[offset - 1] === "\n";
    const pattern = isAtLineStart
      ? /(?:[ \t]*(?:#[^\n]*)?\n)*/y
      : /[ \t]*(?:#[^\n]*)?(?:\n(?:[ \t]*(?:#[^\n]*)?\n)*|$)/y;
    pattern.lastIndex = offset;
    const found = (pattern.exec(this.#text)?.[0] ?? "").replace(/^[ \t]+/, "").replace(/^[ \t]+$/gm, "");
    if (found === "" || (found === "\n" && !isAtLineStart)) return {};
    const lineStart = this.#text.lastIndexOf("\n", offset - 1) + 1;
    const column = [...this.#text.slice(lineStart, this.#text.indexOf(found[0]!, offset))].length;
    return { trailer: { column, text: found.endsWith("\n") ? found : `${found}\n` } };
  }
}

function scalarFrom(node: Scalar, source: string): ScalarNode {
  const value = String(node.value ?? "");
  if (node.type === Scalar.BLOCK_LITERAL) return { kind: "scalar", value, isText: true, block: "|" };
  if (node.type === Scalar.BLOCK_FOLDED) {
    return { kind: "scalar", value, isText: true, block: ">", folds: foldsIn(value, source) };
  }
  if (node.type === Scalar.QUOTE_SINGLE) return { kind: "scalar", value: withoutFolds(value), isText: true };
  if (node.type !== Scalar.PLAIN) return { kind: "scalar", value, isText: true };
  const kind = plainKindOf(value);
  if (kind === "text") return { kind: "scalar", value, isText: true };
  return { kind: "scalar", value: normalWord(value, kind), isText: false };
}

function foldsIn(value: string, source: string): ReadonlySet<number> {
  const folds = new Set<number>();
  let at = 0;
  for (const line of source.split("\n").slice(1)) {
    const words = line.trim();
    const found = words === "" ? -1 : value.indexOf(words, at);
    if (found === -1) continue;
    at = found + words.length;
    if (value[at] === " ") folds.add([...value.slice(0, at)].length);
  }
  return folds;
}

/** Numbers stay as they are written; true, false, null and the infinities have one form. */
function normalWord(word: string, kind: string): string {
  const value = plainValue(word);
  if (kind === "null" || kind === "bool") return plainText(value as null | boolean); // what the kind says
  if (typeof value === "bigint" && /^[-+]/.test(word)) return value === 0n ? "0" : word.replace("+", "");
  return typeof value === "number" && !Number.isFinite(value) ? plainText(value) : word;
}
