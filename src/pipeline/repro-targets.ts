/** What the targets of `repro` name: stages, groups of them, pipelines, `.dvc` files, paths of outputs. */
import { relative, resolve, sep } from "node:path";
import { AppError } from "../base/errors.ts";
import { hintForName } from "../base/nearest.ts";
import { visibleText } from "../base/visible-text.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { join } from "../versioning/stages/join-path.ts";
import type { Stage } from "../versioning/stages/stage.ts";
import type { PipelineGraph, PipelineNode } from "./graph.ts";

/**
 * The nodes of each target, from `folder` (absolute); without targets those of the dvc.yaml there,
 * and where there is none, all stages. Errors: STAGE_UNKNOWN.
 */
export function reproTargets(
  repository: Repository,
  { nodes }: PipelineGraph,
  targets: readonly string[],
  folder: string,
): readonly PipelineNode[] {
  const fromRoot = (path: string): string => relative(repository.root, resolve(folder, path)).split(sep).join("/");
  if (targets.length === 0) {
    const here = nodes.filter((node) => node.kind === "stage" && node.stage.file === fromRoot("dvc.yaml"));
    return here.length > 0 ? here : nodes.filter(({ kind }) => kind === "stage");
  }
  return [...new Set(targets.flatMap((target) => nodesOf(nodes, target, fromRoot)))];
}

function nodesOf(
  nodes: readonly PipelineNode[],
  target: string,
  fromRoot: (path: string) => string,
): readonly PipelineNode[] {
  const path = fromRoot(target);
  const byFile = nodes.filter((node) => (node.kind === "data" ? node.file : node.stage.file) === path);
  if (byFile.length > 0) return byFile;
  const at = target.lastIndexOf(":");
  const name = target.slice(at + 1);
  const file = fromRoot(at > 0 ? target.slice(0, at) : "dvc.yaml");
  const inFile = nodes.filter((node) => node.kind === "stage" && node.stage.file === file);
  const named = inFile.filter((node) => node.kind === "stage" && isNamed(node.stage, name));
  if (named.length > 0) return named;
  const byOutput = nodes.filter((node) => outputsOf(node).includes(path));
  if (byOutput.length > 0) return byOutput;
  throw unknownStage(target, inFile);
}

/** A stage, or the group of stages that `foreach` or `matrix` makes of one. */
function isNamed(stage: Stage, name: string): boolean {
  return stage.name === name || stage.name.startsWith(`${name}@`);
}

function outputsOf(node: PipelineNode): readonly string[] {
  if (node.kind === "data") return node.outputs.map(({ path }) => path);
  return node.stage.outs.map(({ path }) => join(node.stage.workFolder, path));
}

const mostNames = 12;

function unknownStage(target: string, nodes: readonly PipelineNode[]): AppError {
  const names = nodes.flatMap((node) => (node.kind === "stage" ? [node.stage.name] : []));
  const shown = names.slice(0, mostNames).map(visibleText).join(", ");
  const hint = hintForName(target, names);
  return new AppError("STAGE_UNKNOWN", {
    required:
      shown === ""
        ? "a stage of a dvc.yaml"
        : `a stage of the pipeline: ${shown}${names.length > mostNames ? ", ..." : ""}`,
    received: `'${visibleText(target)}'`,
    hint: hint?.startsWith("did") ? hint : "look at the stages: pawprint dag",
  });
}

/** As it is named on the command line in a folder (absolute): `train`, `../dvc.yaml:train`. */
export function addressFrom(repository: Repository, folder: string, { file, name }: Stage): string {
  const path = relative(folder, resolve(repository.root, file)).split(sep).join("/");
  return path === "dvc.yaml" ? name : `${path}:${name}`;
}
