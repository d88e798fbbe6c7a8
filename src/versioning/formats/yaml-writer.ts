/** Writes a tree as ruamel.yaml does for DVC: blocks, lists not indented in maps, folded at 80 columns. */

import type { MapNode, ScalarNode, SeqNode, Trailer, YamlNode } from "./yaml-node.ts";
import { simpleKeyLength, textStyle, writeBlockScalar, writeText } from "./yaml-scalar.ts";
import { YamlSink, yamlWidth } from "./yaml-sink.ts";

/** Where a node stands. */
type Place = "root" | "key" | "value" | "item";

/** `head` is what stands above the first entry: whole lines. */
export function writeNode(root: YamlNode, head = ""): string {
  const writer = new YamlWriter(repeated(root));
  return head + writer.write(root);
}

/** Maps and lists that are used more than once. */
function repeated(root: YamlNode): ReadonlySet<YamlNode> {
  const seen = new Set<YamlNode>();
  const found = new Set<YamlNode>();
  const visit = (node: YamlNode): void => {
    if (node.kind === "scalar") return;
    if (seen.has(node)) found.add(node);
    else {
      seen.add(node);
      for (const { value } of node.kind === "map" ? node.pairs : node.items) visit(value);
    }
  };
  visit(root);
  return found;
}

class YamlWriter {
  readonly #sink = new YamlSink();
  readonly #repeated: ReadonlySet<YamlNode>;
  readonly #anchors = new Map<YamlNode, string>();
  #anchorsMade = 0;

  constructor(repeatedNodes: ReadonlySet<YamlNode>) {
    this.#repeated = repeatedNodes;
  }

  write(root: YamlNode): string {
    const isEmpty = root.kind === "map" ? root.pairs.length === 0 : root.kind === "seq" && root.items.length === 0;
    this.#node(root, "root");
    if (!isEmpty) this.#sink.toIndent();
    return this.#sink.text;
  }

  /** `trailer` stands behind a single value, and before the entries of a block. */
  #node(node: YamlNode, place: Place, trailer?: Trailer): void {
    const known = this.#anchors.get(node);
    if (known !== undefined) this.#sink.indicator(`*${known}`, true);
    else if (node.kind === "scalar") this.#scalar(node, place);
    else {
      this.#anchor(node);
      const { length } = node.kind === "map" ? node.pairs : node.items;
      const own = node.trailer ?? trailer;
      if (node.isFlow || length === 0 || this.#sink.flowDepth > 0) this.#flow(node, own);
      else if (node.kind === "map") this.#blockMap(node, place, own);
      else this.#blockSeq(node, place, own);
      return;
    }
    if (trailer !== undefined) this.#trailer(trailer);
  }

  #anchor(node: MapNode | SeqNode): void {
    if (!this.#repeated.has(node)) return;
    const anchor = node.anchor ?? `id${String(++this.#anchorsMade).padStart(3, "0")}`;
    this.#anchors.set(node, anchor);
    this.#sink.indicator(`&${anchor}`, true);
  }

  #blockMap({ pairs }: MapNode, place: Place, trailer?: Trailer): void {
    const sink = this.#sink;
    if (trailer !== undefined) this.#trailer(trailer);
    const { indent } = sink;
    if (place !== "root") sink.indent += 2;
    for (const pair of pairs) {
      sink.toIndent();
      this.#key(pair.key);
      this.#node(pair.value, "value", pair.trailer);
    }
    sink.indent = indent;
  }

  #key(key: ScalarNode): void {
    const sink = this.#sink;
    if (isSimpleKey(key)) {
      this.#node(key, "key");
      sink.indicator(":", false);
    } else {
      sink.indicator("?", true, { isIndentation: true });
      this.#node(key, "value");
      sink.toIndent();
      sink.indicator(":", true, { isIndentation: true });
    }
  }

  #blockSeq({ items }: SeqNode, place: Place, trailer?: Trailer): void {
    const sink = this.#sink;
    if (trailer !== undefined) {
      this.#trailer(trailer);
      sink.isInIndentation = false;
      sink.isLineDone = true;
    }
    const { indent } = sink;
    const isIndented = place === "item" || (place === "value" && sink.isInIndentation);
    if (isIndented) sink.indent += 2;
    if (place === "item") [sink.isInIndentation, sink.isLineDone] = [true, false];
    for (const item of items) {
      const isLineDone = sink.column === 0 && sink.isLineDone;
      sink.toIndent();
      sink.indicator("-", true, { isIndentation: true });
      if (isLineDone) sink.isLineDone = true;
      this.#node(item.value, "item", item.trailer);
    }
    sink.indent = indent;
    sink.isLineDone = false;
  }

  #flow(node: MapNode | SeqNode, trailer?: Trailer): void {
    const sink = this.#sink;
    const isMap = node.kind === "map";
    sink.indicator(isMap ? "{" : "[", true, { isBlank: true });
    sink.flowDepth++;
    sink.indent += 2;
    const entries = isMap ? node.pairs : node.items.map(({ value }) => ({ key: undefined, value }));
    for (const [at, { key, value }] of entries.entries()) {
      if (at > 0) sink.indicator(",", false);
      if (sink.column > yamlWidth) sink.toIndent();
      if (key !== undefined) this.#key(key);
      this.#node(value, key === undefined ? "item" : "value");
    }
    sink.indent -= 2;
    sink.flowDepth--;
    sink.indicator(isMap ? "}" : "]", false);
    if (trailer !== undefined) this.#trailer(trailer);
    else if (entries.length === 0 && sink.flowDepth === 0) sink.lineBreak();
  }

  #scalar(node: ScalarNode, place: Place): void {
    const sink = this.#sink;
    if (node.anchor !== undefined) {
      this.#anchors.set(node, node.anchor);
      sink.indicator(`&${node.anchor}`, true);
    }
    const { indent } = sink;
    if (place !== "root") sink.indent += 2;
    if (place === "item" && sink.flowDepth === 0 && node.anchor === undefined) sink.toIndent();
    const isBlock = node.block !== undefined && sink.flowDepth === 0 && place !== "key";
    if (isBlock) writeBlockScalar(sink, node);
    else writeText(sink, node.value, textStyle(node, sink.flowDepth > 0, place === "key"), place !== "key");
    sink.indent = indent;
  }

  /** A comment is moved right where its column is taken. */
  #trailer(trailer: Trailer): void {
    const sink = this.#sink;
    const text = trailer.text.slice(0, -1);
    const startsLine = text.startsWith("\n") || text === "";
    const gap = startsLine ? 0 : Math.max(trailer.column - sink.column, sink.column > 0 ? 1 : 0);
    sink.put(" ".repeat(gap) + text);
    sink.lineBreak();
  }
}

function isSimpleKey({ value, isText }: ScalarNode): boolean {
  return !isText || simpleKeyLength(value) < 128;
}
