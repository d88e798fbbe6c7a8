/** The graph of a repository: stages and `.dvc` files, and which needs what another makes. */
import { AppError } from "../base/errors.ts";
import { visibleText } from "../base/visible-text.ts";
import type { DvcFile } from "../versioning/formats/dvc-file.ts";
import { readTracked, type TrackedOutput } from "../versioning/outputs.ts";
import type { MetadataTree } from "../versioning/repo/metadata-tree.ts";
import { join } from "../versioning/stages/join-path.ts";
import type { PipelineStage } from "../versioning/stages/read-stages.ts";
import { stageId } from "../versioning/stages/stage.ts";

export interface StageNode {
  readonly kind: "stage";
  /** `train`, of another folder's pipeline `sub/dvc.yaml:train`. */
  readonly label: string;
  readonly stage: PipelineStage;
}

/** A `.dvc` file: data that was added or imported. */
export interface DataNode {
  readonly kind: "data";
  /** The file, from the repository's root. */
  readonly label: string;
  readonly file: string;
  readonly content: DvcFile;
  readonly outputs: readonly TrackedOutput[];
}

export type PipelineNode = StageNode | DataNode;

export interface PipelineGraph {
  /** `.dvc` files by path, then stages in the order in which they are written. */
  readonly nodes: readonly PipelineNode[];
  /** What makes the dependencies of a node, in the order in which it names them. */
  readonly needs: ReadonlyMap<PipelineNode, readonly PipelineNode[]>;
}

/** Errors: PIPELINE_CYCLE, and those of `readTracked`. */
export async function readGraph(tree: MetadataTree): Promise<PipelineGraph> {
  const { outputs, stages } = await readTracked(tree);
  const nodes: PipelineNode[] = [
    ...dataNodes(outputs),
    ...stages.map((stage): StageNode => ({ kind: "stage", label: stageLabel(stage), stage })),
  ];
  const byLabel = new Map(nodes.map((node) => [node.label, node]));
  const makers = outputs.map(({ path, origin }): readonly [string, PipelineNode] => {
    const label = origin.kind === "stage" ? stageLabel(origin.stage) : origin.file;
    return [path, byLabel.get(label)!]; // every origin is a node
  });
  const index = indexOf(makers);
  const graph = { nodes, needs: new Map(nodes.map((node) => [node, neededBy(node, index)])) };
  refuseCircle(graph);
  return graph;
}

export function stageLabel({ name, file }: Pick<PipelineStage, "name" | "file">): string {
  return file === "dvc.yaml" ? name : stageId({ name, file });
}

function dataNodes(outputs: readonly TrackedOutput[]): readonly DataNode[] {
  const files = new Map<string, DataNode & { readonly outputs: TrackedOutput[] }>();
  for (const output of outputs) {
    if (output.origin.kind !== "dvc-file") continue;
    const { file, content } = output.origin;
    const node = files.get(file) ?? { kind: "data", label: file, file, content, outputs: [] };
    node.outputs.push(output);
    files.set(file, node);
  }
  return [...files.values()];
}

/** Who makes a path, what lies around it and what lies in it. */
interface MakerIndex {
  readonly byPath: ReadonlyMap<string, PipelineNode>;
  /** Ascending by code units, so that what lies in a folder stands together. */
  readonly sorted: readonly (readonly [string, PipelineNode])[];
}

/** `makers` ascending by path. */
function indexOf(makers: readonly (readonly [string, PipelineNode])[]): MakerIndex {
  return { byPath: new Map(makers), sorted: makers };
}

function neededBy(node: PipelineNode, index: MakerIndex): readonly PipelineNode[] {
  if (node.kind === "data") return [];
  const { deps, workFolder } = node.stage;
  return [...new Set(deps.flatMap((path) => makersOf(join(workFolder, path), index)))];
}

function makersOf(path: string, { byPath, sorted }: MakerIndex): readonly PipelineNode[] {
  const found: PipelineNode[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    const around = byPath.get(path.slice(0, at));
    if (around) found.push(around);
  }
  const same = byPath.get(path);
  if (same) found.push(same);
  const inside = path === "" ? "" : `${path}/`;
  for (let at = firstFrom(sorted, inside); sorted[at]?.[0].startsWith(inside); at++) found.push(sorted[at]![1]);
  return found;
}

/** The first position whose path is not before `path`, by halving. */
function firstFrom(sorted: MakerIndex["sorted"], path: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]![0] < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Errors: PIPELINE_CYCLE, with the stages of one circle. */
function refuseCircle({ nodes, needs }: PipelineGraph): void {
  const done = new Set<PipelineNode>();
  for (const start of nodes) {
    const path: { readonly node: PipelineNode; readonly rest: Iterator<PipelineNode> }[] = [];
    const onPath = new Set<PipelineNode>();
    const enter = (node: PipelineNode): void => {
      if (done.has(node)) return;
      if (onPath.has(node)) throw circle([...path.map((step) => step.node), node]);
      onPath.add(node);
      path.push({ node, rest: (needs.get(node) ?? [])[Symbol.iterator]() });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.next();
      if (!next.done) enter(next.value);
      else {
        path.pop();
        onPath.delete(top.node);
        done.add(top.node);
      }
    }
  }
}

/** `walked` goes from what needs to what is needed, and ends where the circle closes. */
function circle(walked: readonly PipelineNode[]): AppError {
  const names = walked.slice(walked.indexOf(walked.at(-1)!)).map(({ label }) => visibleText(label));
  return new AppError("PIPELINE_CYCLE", {
    required: "stages without a circle",
    received: names.reverse().join(" -> "),
    hint: "take one of these dependencies out of dvc.yaml",
  });
}
