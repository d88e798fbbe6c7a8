/** The graph of a repository's stages and data as text, Mermaid and DOT. */
import { byCodeUnits } from "../base/by-code-units.ts";
import { visibleText } from "../base/visible-text.ts";
import { join } from "../versioning/stages/join-path.ts";
import type { PipelineGraph, PipelineNode } from "./graph.ts";
import { reachable } from "./repro-plan.ts";

/** Names, and which needs which: from what is needed to what needs it. */
export interface Dag {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

/**
 * Stages in the order in which they are written, then `.dvc` files. With `targets` they and all that
 * they need; with `full` all that is connected with them.
 */
export function dagOf(graph: PipelineGraph, targets: readonly PipelineNode[] = [], full = false): Dag {
  const chosen = targets.length === 0 ? undefined : reachable(targets, full ? bothWays(graph) : graph.needs);
  const nodes = graph.nodes.filter((node) => chosen === undefined || chosen.has(node));
  const sorted = [...nodes.filter(({ kind }) => kind === "stage"), ...nodes.filter(({ kind }) => kind === "data")];
  return {
    nodes: sorted.map(({ label }) => label),
    edges: linksOf(graph, sorted).map(([from, to]) => [from.label, to.label] as const),
  };
}

/** Outputs instead of stages: those that a stage depends on lead to each that it makes. */
export function outputDagOf(graph: PipelineGraph, targets: readonly PipelineNode[] = [], full = false): Dag {
  const shown = new Set(dagOf(graph, targets, full).nodes);
  const chosen = graph.nodes.filter(({ label }) => shown.has(label));
  const edges = linksOf(graph, chosen).flatMap(([from, to]) => {
    if (to.kind === "data") return [];
    const deps = to.stage.deps.map((path) => join(to.stage.workFolder, path));
    const used = outputsOf(from).filter((output) => deps.some((dep) => overlap(dep, output)));
    return used.flatMap((left) => outputsOf(to).map((right) => [left, right] as const));
  });
  return { nodes: chosen.flatMap(outputsOf).sort(byCodeUnits), edges };
}

/** Who is needed and who needs it, of `nodes` alone; in their order. */
function linksOf({ needs }: PipelineGraph, nodes: readonly PipelineNode[]): (readonly [PipelineNode, PipelineNode])[] {
  const users = new Map<PipelineNode, PipelineNode[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) for (const needed of needs.get(node) ?? []) users.get(needed)?.push(node);
  return [...users].flatMap(([from, all]) => all.map((to) => [from, to] as const));
}

function outputsOf(node: PipelineNode): readonly string[] {
  if (node.kind === "data") return node.outputs.map(({ path }) => path);
  return node.stage.outs.map(({ path }) => join(node.stage.workFolder, path));
}

/** One is the other, or lies in it. */
function overlap(left: string, right: string): boolean {
  return left === right || right.startsWith(`${left}/`) || left.startsWith(`${right}/`) || left === "";
}

function bothWays({ nodes, needs }: PipelineGraph): ReadonlyMap<PipelineNode, readonly PipelineNode[]> {
  const all = new Map<PipelineNode, PipelineNode[]>(nodes.map((node) => [node, [...(needs.get(node) ?? [])]]));
  for (const node of nodes) for (const needed of needs.get(node) ?? []) all.get(needed)?.push(node);
  return all;
}

/** A node stands after all that it needs; 0 for what needs nothing. */
export function depths({ nodes, edges }: Dag): ReadonlyMap<string, number> {
  const users = new Map<string, string[]>(nodes.map((node) => [node, []]));
  const waitsFor = new Map(nodes.map((node) => [node, 0]));
  for (const [from, to] of edges) {
    users.get(from)?.push(to);
    waitsFor.set(to, waitsFor.get(to)! + 1);
  }
  const depth = new Map(nodes.map((node) => [node, 0]));
  const ready = nodes.filter((node) => waitsFor.get(node) === 0);
  for (const node of ready) {
    for (const user of users.get(node)!) {
      depth.set(user, Math.max(depth.get(user)!, depth.get(node)! + 1));
      waitsFor.set(user, waitsFor.get(user)! - 1);
      if (waitsFor.get(user) === 0) ready.push(user);
    }
  }
  return depth;
}

/** A line for each node below what it needs, with what needs it behind an arrow. */
export function dagText(dag: Dag): string {
  const depth = depths(dag);
  const names = dag.nodes.map(visibleText);
  const width = Math.max(0, ...names.map((name, at) => name.length + 2 * depth.get(dag.nodes[at]!)!));
  const users = new Map<string, string[]>(dag.nodes.map((node) => [node, []]));
  for (const [from, to] of dag.edges) users.get(from)?.push(visibleText(to));
  return dag.nodes
    .map((node, at) => ({ node, at, depth: depth.get(node)! }))
    .toSorted((a, b) => a.depth - b.depth || a.at - b.at)
    .map(({ node, depth: level }) => {
      const name = `${"  ".repeat(level)}${visibleText(node)}`;
      const used = users.get(node)!.join(", "); // every node has its list
      return used === "" ? name : `${name.padEnd(width)}  -> ${used}`;
    })
    .join("\n");
}

/** As `dvc dag --mermaid`, but for the blanks that lines begin with: part after part of what is connected, nodes by name. */
export function dagMermaid(dag: Dag): string {
  const lines = ["flowchart TD"];
  const users = new Map<string, string[]>(dag.nodes.map((node) => [node, []]));
  for (const [from, to] of dag.edges) users.get(from)?.push(to);
  const numbers = new Map<string, number>();
  for (const part of parts(dag)) {
    const sorted = part.toSorted(byCodeUnits);
    for (const node of sorted) {
      numbers.set(node, numbers.size + 1);
      lines.push(`  node${numbers.size}["${visibleText(node).replaceAll('"', "#quot;")}"]`);
    }
    for (const node of sorted) {
      const to = users.get(node)!.map((user) => numbers.get(user)!); // a part has all that its nodes lead to
      for (const number of to.sort((a, b) => a - b)) lines.push(`  node${numbers.get(node)}-->node${number}`);
    }
  }
  return lines.join("\n");
}

/** Nodes that are connected, in the order of the first of each part. */
function parts({ nodes, edges }: Dag): readonly (readonly string[])[] {
  const links = new Map<string, string[]>(nodes.map((node) => [node, []]));
  for (const [from, to] of edges) {
    links.get(from)?.push(to);
    links.get(to)?.push(from);
  }
  const done = new Set<string>();
  return nodes.flatMap((node) => {
    if (done.has(node)) return [];
    const part = [...reachable([node], links)];
    for (const one of part) done.add(one);
    return [part];
  });
}

/** As `dvc dag --dot`. */
export function dagDot({ nodes, edges }: Dag): string {
  const quoted = (name: string): string => `"${visibleText(name).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return [
    "strict digraph {",
    ...nodes.map((node) => `${quoted(node)};`),
    ...edges.map(([from, to]) => `${quoted(from)} -> ${quoted(to)};`),
    "}",
    "",
  ].join("\n");
}
