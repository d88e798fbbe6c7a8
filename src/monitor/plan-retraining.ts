/** Which stages of a pipeline train anew when its data changes, without those that promote what they made. */
import { relative, sep } from "node:path";
import { AppError } from "../base/errors.ts";
import { type PipelineGraph, type PipelineNode, readGraph } from "../pipeline/graph.ts";
import { openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { join } from "../versioning/stages/join-path.ts";

export interface RetrainingPlan {
  /** Targets of `repro` from the repository's root. */
  readonly targets: readonly string[];
  /** Stages that promote a model, and those that need them. */
  readonly leftOut: readonly string[];
}

/** Moves of an alias, as a stage's command may make them. */
const promotes = /\bmodels\s+(?:promote\b|rollback\b|register\b[^\n]*\s--alias\b)/;

/**
 * The stages that need `data` (an absolute path), and those that need them.
 * Errors: CONFIG_INVALID for data that no stage depends on, or that a stage makes; those of `readGraph`.
 */
export async function planRetraining(repository: Repository, data: string): Promise<RetrainingPlan> {
  const graph = await readGraph(openWorkTree(repository));
  const path = relative(repository.root, data).split(sep).join("/");
  const maker = graph.nodes.find((node) => node.kind === "stage" && outputsOf(node).some((out) => isWithin(path, out)));
  if (maker !== undefined) throw unusable(path, `an output of the stage ${maker.label}`);
  const users = graph.nodes.filter((node) =>
    dependenciesOf(node).some((one) => isWithin(one, path) || isWithin(path, one)),
  );
  if (users.length === 0) throw unusable(path, "one that no stage depends on");
  const affected = withDependents(graph, users);
  const promoting = [...affected].filter(
    (node) => node.kind === "stage" && promotes.test([node.stage.cmd].flat().join("\n")),
  );
  const leftOut = withDependents(graph, promoting);
  const labelsOf = (keep: (node: PipelineNode) => boolean) => [...affected].filter(keep).map(({ label }) => label);
  return { targets: labelsOf((node) => !leftOut.has(node)), leftOut: labelsOf((node) => leftOut.has(node)) };
}

/** With all that needs them, in the graph's order. */
function withDependents({ nodes, needs }: PipelineGraph, first: readonly PipelineNode[]): ReadonlySet<PipelineNode> {
  const found = new Set(first);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const node of nodes) if (needs.get(node)?.some((needed) => found.has(needed))) found.add(node);
  }
  return new Set(nodes.filter((node) => found.has(node)));
}

function dependenciesOf(node: PipelineNode): readonly string[] {
  return node.kind === "stage" ? node.stage.deps.map((dep) => join(node.stage.workFolder, dep)) : [];
}

function outputsOf(node: PipelineNode): readonly string[] {
  return node.kind === "stage" ? node.stage.outs.map((out) => join(node.stage.workFolder, out.path)) : [];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function unusable(path: string, received: string): AppError {
  return new AppError("CONFIG_INVALID", {
    required: "a folder of labelled pictures that a stage of the pipeline depends on, and none makes",
    received,
    where: path,
    hint: "name it with `data`: pawprint dag shows what stages need",
  });
}
