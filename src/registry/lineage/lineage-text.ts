/** A lineage as a tree of text, and as a Mermaid flowchart. */
import { shortenText, visibleText } from "../../base/visible-text.ts";
import type { LineageGraph, LineageNode } from "./lineage-graph.ts";

/** One line for each node, followed back from the roots; a node that was shown already is not opened again. */
export function lineageText(graph: LineageGraph): string {
  const lines: string[] = [];
  const shown = new Set<string>();
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const draw = (id: string, head: string, below: string, label: string | undefined): void => {
    const node = nodes.get(id);
    if (node === undefined) return;
    const isAgain = shown.has(id);
    const wording = `${label === undefined ? "" : `${label}: `}${nodeText(node)}`;
    lines.push(`${head}${wording}${isAgain ? " (above)" : ""}`);
    if (isAgain) return;
    shown.add(id);
    const sources = graph.edges.filter(({ to }) => to === id);
    sources.forEach(({ from, label: wordOf }, at) => {
      const isLast = at === sources.length - 1;
      draw(from, `${below}${isLast ? "└─ " : "├─ "}`, `${below}${isLast ? "   " : "│  "}`, wordOf);
    });
  };
  for (const root of graph.roots) draw(root, "", "", undefined);
  // Where what was shown goes from there: a set is walked over what is added to it meanwhile, too.
  const onward = new Set(shown);
  for (const id of onward) for (const { from, to } of graph.edges) if (from === id) onward.add(to);
  const others = [...onward].flatMap((id) => (shown.has(id) ? [] : (nodes.get(id) ?? [])));
  if (others.length > 0)
    lines.push("", `Also: ${others.map(({ kind, name }) => `${kind} ${visibleText(name)}`).join(", ")}`);
  return lines.join("\n");
}

function nodeText({ kind, name, facts, missing }: LineageNode): string {
  const details = Object.entries(facts).map(([key, value]) => `${key} ${value}`);
  const all = missing === undefined ? details : [missing, ...details];
  const text = `${kind} ${name}${all.length === 0 ? "" : `: ${all.join(", ")}`}`;
  return visibleText(text);
}

const longestLine = 80;

/** Source: Mermaid's flowchart syntax; entity codes are `#34;` and the like. */
export function lineageMermaid({ nodes, edges }: LineageGraph): string {
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const nodeLines = nodes.map((node) => {
    const { kind, name, facts, missing } = node;
    const details = Object.entries(facts).map(([key, value]) => `${key} ${value}`);
    const lines = [`${kind} ${name}`, ...(missing === undefined ? [] : [missing]), ...details];
    const className = missing === undefined ? "" : ":::missing";
    return `  ${ids.get(node.id)}["${lines.map(mermaidLine).join("<br/>")}"]${className}`;
  });
  const edgeLines = edges.flatMap(({ from, to, label }) => {
    const [start, end] = [ids.get(from), ids.get(to)];
    if (start === undefined || end === undefined) return [];
    return [`  ${start} -->${label === undefined ? "" : `|"${mermaidLine(label)}"|`} ${end}`];
  });
  return ["flowchart LR", ...nodeLines, ...edgeLines, "  classDef missing stroke-dasharray: 4 3", ""].join("\n");
}

/** Whatever Mermaid, its Markdown or HTML would read as more than a character becomes its code. */
function mermaidLine(text: string): string {
  return shortenText(visibleText(text), longestLine).replace(
    /[^\p{L}\p{N} .,:/@()_…-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}
