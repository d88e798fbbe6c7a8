/** A YAML text as a tree that can be changed and written: what ruamel.yaml keeps of a text it edits. */
import type { ParamMap, ParamValue } from "./param-value.ts";
import { plainText, plainValue } from "./plain-word.ts";

/** What follows a value up to the next one: a comment on its line, further comments, blank lines. */
export interface Trailer {
  /** Where it begins in its line, from 0. */
  readonly column: number;
  /** Ends in a line feed; begins with one where nothing follows on the line itself. */
  readonly text: string;
}

export interface ScalarNode {
  readonly kind: "scalar";
  /** A text, or a plain word that is none: `2.50`, `true`. */
  readonly value: string;
  readonly isText: boolean;
  /** A block scalar stays one. */
  readonly block?: "|" | ">";
  /** Of a folded one: the blanks that are line feeds in the text, by character. */
  readonly folds?: ReadonlySet<number>;
  readonly anchor?: string;
}

interface Collection {
  readonly isFlow: boolean;
  /** Before the first entry of a block; behind the end of a flow collection. */
  readonly trailer?: Trailer;
  readonly anchor?: string;
}

export interface MapNode extends Collection {
  readonly kind: "map";
  readonly pairs: { readonly key: ScalarNode; value: YamlNode; readonly trailer?: Trailer }[];
}

export interface SeqNode extends Collection {
  readonly kind: "seq";
  readonly items: { value: YamlNode; readonly trailer?: Trailer }[];
}

/** The same node at two places is written once, and then as an alias. */
export type YamlNode = ScalarNode | MapNode | SeqNode;

/** A mapping some of whose keys are numbers, true, false or null: `plainKeys` has their texts. */
export class PlainKeyMap extends Map<string, ParamValue> {
  readonly plainKeys: ReadonlySet<string>;

  constructor(entries: Iterable<readonly [string, ParamValue]>, plainKeys: ReadonlySet<string>) {
    super(entries);
    this.plainKeys = plainKeys;
  }
}

export function isPlainKey(map: ParamMap, key: string): boolean {
  return map instanceof PlainKeyMap && map.plainKeys.has(key);
}

/** A value as a node; one that is used twice becomes one node. Null is an empty word. */
export function nodeOf(value: ParamValue, known = new Map<ParamValue, YamlNode>()): YamlNode {
  if (value === null || typeof value === "boolean" || typeof value === "bigint" || typeof value === "number") {
    return { kind: "scalar", value: plainText(value), isText: false };
  }
  if (typeof value === "string") return { kind: "scalar", value, isText: true };
  const before = known.get(value);
  if (before !== undefined) return before;
  const node = value instanceof Map ? mapNode(value, known) : seqNode(value as readonly ParamValue[], known);
  known.set(value, node);
  return node;
}

function mapNode(map: ParamMap, known: Map<ParamValue, YamlNode>): MapNode {
  const pairs = [...map].map(([key, one]) => ({ key: keyOf(key, isPlainKey(map, key)), value: nodeOf(one, known) }));
  return { kind: "map", isFlow: false, pairs };
}

function seqNode(items: readonly ParamValue[], known: Map<ParamValue, YamlNode>): SeqNode {
  return { kind: "seq", isFlow: false, items: items.map((item) => ({ value: nodeOf(item, known) })) };
}

function keyOf(key: string, isPlain = false): ScalarNode {
  return { kind: "scalar", value: key, isText: !isPlain };
}

/** The value under a key of a map node. */
export function childOf(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === "map" ? node.pairs.find((pair) => pair.key.value === key)?.value : undefined;
}

/** Sets a key of a map node: in place where it is there, else at the end. Undefined removes it. */
export function setChild(node: MapNode, key: string, value: YamlNode | undefined): void {
  const at = node.pairs.findIndex((pair) => pair.key.value === key);
  if (value === undefined) {
    if (at !== -1) node.pairs.splice(at, 1);
  } else if (at === -1) node.pairs.push({ key: keyOf(key), value });
  else replace(node.pairs[at]!, value);
}

/** What is written behind it stays, and a block scalar stays one. */
function replace(entry: { value: YamlNode }, value: YamlNode): void {
  const { value: old } = entry;
  const staysBlock = value.kind === "scalar" && value.isText && old.kind === "scalar" && old.block !== undefined;
  entry.value = staysBlock ? { ...value, block: old.block } : value;
}

/** Makes `node` what `value` is, and leaves alone what is equal: order, comments, style. */
export function applyDifference(value: ParamMap | readonly ParamValue[], node: YamlNode): void {
  if (value instanceof Map && node.kind === "map") {
    for (const { key } of [...node.pairs]) if (!value.has(key.value)) setChild(node, key.value, undefined);
    for (const [key, one] of value) {
      const child = childOf(node, key);
      if (child === undefined || !merges(one, child)) setChild(node, key, nodeOf(one));
    }
  } else if (Array.isArray(value) && node.kind === "seq") {
    if (value.length !== node.items.length) {
      node.items.splice(0, node.items.length, ...value.map((one) => ({ value: nodeOf(one) })));
    } else {
      for (const [at, one] of value.entries()) {
        if (!merges(one, node.items[at]!.value)) replace(node.items[at]!, nodeOf(one));
      }
    }
  }
}

/** True where the node says the same, or was made to. */
function merges(value: ParamValue, node: YamlNode): boolean {
  if (node.kind === "scalar") return isSame(value, node.isText ? node.value : plainValue(node.value));
  const isList = Array.isArray(value);
  if (!(value instanceof Map && node.kind === "map") && !(isList && node.kind === "seq")) return false;
  applyDifference(value as ParamMap | readonly ParamValue[], node); // one of the two, as was asked
  return true;
}

/** Numbers are compared by value, as Python does. */
function isSame(a: ParamValue, b: ParamValue): boolean {
  const isNumber = (one: ParamValue): one is number | bigint => typeof one === "number" || typeof one === "bigint";
  return isNumber(a) && isNumber(b) ? Number(a) === Number(b) : a === b;
}
