/** All data that a repository tracks, by `.dvc` files and by the stages of its pipelines. */
import { posix } from "node:path";
import { byCodeUnits } from "../base/by-code-units.ts";
import { AppError } from "../base/errors.ts";
import { type DvcFile, type DvcOutput, parseDvcFile } from "./formats/dvc-file.ts";
import { listedOnce, type MetadataTree } from "./repo/metadata-tree.ts";
import { join } from "./stages/join-path.ts";
import { type PipelineStage, readStages } from "./stages/read-stages.ts";
import { stageId } from "./stages/stage.ts";

/** Where an output is written down. */
export type OutputOrigin =
  | { readonly kind: "dvc-file"; readonly file: string; readonly content: DvcFile }
  | { readonly kind: "stage"; readonly file: string; readonly stage: PipelineStage };

/** Data under one path. `path` is from the repository's root, with forward slashes. */
export interface TrackedOutput extends DvcOutput {
  /** As its file gives it. */
  readonly writtenPath: string;
  readonly origin: OutputOrigin;
}

/** True for data that an import brought: `import-url`, `import`. */
export function isImport({ origin }: TrackedOutput): boolean {
  return origin.kind === "dvc-file" && origin.content.deps.length > 0;
}

/** What a tree tracks, each file of it read once. */
export interface TrackedContent {
  /** Of all `.dvc` files and stages, those without a hash included, ascending by path. */
  readonly outputs: readonly TrackedOutput[];
  /** In the order in which they are written. */
  readonly stages: readonly PipelineStage[];
}

/** The outputs of `readTracked`. */
export async function readOutputs(tree: MetadataTree): Promise<readonly TrackedOutput[]> {
  return (await readTracked(tree)).outputs;
}

/** Errors: DATA_FILE_INVALID, DATA_FEATURE_UNSUPPORTED, DATA_OVERLAP, PIPELINE_INVALID. */
export async function readTracked(tree: MetadataTree): Promise<TrackedContent> {
  const listed = listedOnce(tree);
  const ofFiles = await readDvcFiles(listed);
  const stages = await readStages(listed);
  const outputs = [...ofFiles, ...stages.flatMap(outputsOfStage)];
  outputs.sort((a, b) => byCodeUnits(a.path, b.path));
  refuseOverlaps(outputs);
  return { outputs, stages };
}

async function readDvcFiles(tree: MetadataTree): Promise<TrackedOutput[]> {
  const outputs: TrackedOutput[] = [];
  for (const file of await tree.list()) {
    if (!file.endsWith(".dvc")) continue;
    const bytes = await tree.read(file);
    if (bytes === undefined) continue; // removed meanwhile
    const content = parseDvcFile(bytes, tree.commit === undefined ? file : `${file} at ${tree.label}`);
    const folder = join(posix.dirname(file), content.workFolder);
    for (const output of content.outs) {
      const path = ownPath(folder, output.path, file);
      outputs.push({ ...output, path, writtenPath: output.path, origin: { kind: "dvc-file", file, content } });
    }
  }
  return outputs;
}

function outputsOfStage(stage: PipelineStage): readonly TrackedOutput[] {
  const { file, workFolder } = stage;
  return stage.outs.map((output) => {
    const locked = stage.locked?.outs.find(({ path }) => path === output.path);
    const path = ownPath(workFolder, output.path, file);
    return { ...output, ...locked, path, writtenPath: output.path, origin: { kind: "stage", file, stage } };
  });
}

/**
 * A path as a file gives it, from the repository's root.
 * Errors: DATA_FEATURE_UNSUPPORTED where it leads out of the repository; DATA_FILE_INVALID for Git's
 * and DVC's own files, which no check-out may write.
 */
function ownPath(folder: string, path: string, where: string): string {
  const shown = `'${path.slice(0, 100)}'`;
  const joined = join(folder, path);
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(path);
  const isAbsolute = posix.isAbsolute(path) || /^[a-z]:[\\/]/i.test(path);
  if (isAddress || isAbsolute || joined === ".." || joined.startsWith("../")) {
    const kind = isAddress ? "the address" : isAbsolute ? "the absolute path" : "a path that leads out,";
    throw new AppError("DATA_FEATURE_UNSUPPORTED", {
      required: "outputs inside the repository",
      received: `${kind} ${shown}`,
      where,
      hint: "copy such data into the repository and add it there",
    });
  }
  if (joined === "" || path.includes("\0") || hasOwnName(joined)) {
    throw new AppError("DATA_FILE_INVALID", {
      required: "the path of data below the repository's root, outside of .git and .dvc",
      received: shown,
      where,
    });
  }
  return joined;
}

/** Whether a path is, or lies in, a folder that is no data; on some file systems `.GIT` is `.git`. */
export function hasOwnName(path: string): boolean {
  return path.split("/").some((name) => /^\.(git|dvc)$/i.test(name));
}

function refuseOverlaps(sorted: readonly TrackedOutput[]): void {
  const byPath = new Map<string, TrackedOutput>();
  for (const output of sorted) {
    const { path } = output;
    const same = byPath.get(path) ?? enclosing(byPath, path);
    if (same !== undefined) {
      throw new AppError("DATA_OVERLAP", {
        required: "one place that tracks each path",
        received: `${path} of ${originText(output)}, and ${same.path} of ${originText(same)}`,
        hint: "stop tracking one of them",
      });
    }
    byPath.set(path, output);
  }
}

function enclosing(outputs: ReadonlyMap<string, TrackedOutput>, path: string): TrackedOutput | undefined {
  for (let at = path.lastIndexOf("/"); at !== -1; at = path.lastIndexOf("/", at - 1)) {
    const found = outputs.get(path.slice(0, at));
    if (found !== undefined || at === 0) return found;
  }
  return undefined;
}

/** Where an output is written down, as a target: `data/raw.dvc`, `dvc.yaml:train`. */
export function originText({ origin }: TrackedOutput): string {
  return origin.kind === "stage" ? stageId(origin.stage) : origin.file;
}

/** The output that a path lies in, or is. */
export function outputAround(outputs: readonly TrackedOutput[], path: string): TrackedOutput | undefined {
  return outputs.find((output) => path === output.path || path.startsWith(`${output.path}/`));
}
