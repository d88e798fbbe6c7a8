/** What people name on a command line: paths of data, inside data, `.dvc` files, pipelines, stages. */
import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { AppError } from "../../base/errors.ts";
import { nearestName } from "../../base/nearest.ts";
import { outputAround, type TrackedOutput } from "../outputs.ts";
import { parseIgnorePattern } from "../repo/ignore-pattern.ts";
import type { Repository } from "../repo/repository.ts";

export interface Target {
  readonly output: TrackedOutput;
  /** A path inside a folder that is data; absent for all of it. */
  readonly inside?: string;
}

/** From the repository's root; `path` is absolute and known to be inside. */
export function fromRoot({ root }: Repository, path: string): string {
  return relative(root, path).split(sep).join("/");
}

/**
 * A path of the command line from the repository's root; empty for the root itself.
 * Errors: DATA_NAME_INVALID where it leads out.
 */
export function pathOfTarget({ root }: Repository, folder: string, target: string): string {
  const given = resolve(realPath(folder), target);
  // The root is known without symbolic links, such as /tmp on macOS.
  const candidates = [given, join(realPath(dirname(given)), basename(given))].map((path) => relative(root, path));
  const path = candidates.find((one) => one !== ".." && !one.startsWith(`..${sep}`) && !isAbsolute(one));
  if (path !== undefined) return path.split(sep).join("/");
  throw new AppError("DATA_NAME_INVALID", {
    required: "a path inside the repository",
    received: `'${target.slice(0, 200)}' outside of it`,
    where: root,
    hint: "copy the data into the repository first",
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

export interface TargetOptions {
  /** Where targets start from. */
  readonly folder: string;
  /** `*`, `**`, `?` and `[...]` are patterns for paths of outputs. */
  readonly glob?: boolean;
  /** A folder stands for no outputs in it. */
  readonly isExact?: boolean;
}

/**
 * Outputs that targets name, each once; all of them without targets. A name that could be several is
 * taken as DVC takes it: a `.dvc` file or dvc.yaml, then a stage, then a path.
 * Errors: DATA_NOT_TRACKED, with the nearest name; DATA_NAME_INVALID.
 */
export function resolveTargets(
  repository: Repository,
  outputs: readonly TrackedOutput[],
  targets: readonly string[],
  { folder, glob = false, isExact = false }: TargetOptions,
): readonly Target[] {
  if (targets.length === 0) return outputs.map((output) => ({ output }));
  const found = new Map<string, Target>();
  const pathOf = (target: string): string => pathOfTarget(repository, folder, target);
  for (const target of targets) {
    const isPattern = glob && /[*?[]/.test(target);
    const named = isPattern ? matching(outputs, pathOf(target)) : targetsOf(outputs, target, pathOf, isExact);
    if (named.length === 0) throw notTracked(outputs, target, pathOf("."));
    for (const one of named) found.set(`${one.output.path}\0${one.inside ?? ""}`, one);
  }
  // A part of what is named as a whole is done with it.
  return [...found.values()].filter(({ output, inside }) => inside === undefined || !found.has(`${output.path}\0`));
}

function matching(outputs: readonly TrackedOutput[], pattern: string): readonly Target[] {
  const wanted = parseIgnorePattern(`/${pattern}`, "");
  return outputs.filter(({ path }) => wanted?.matches(path.split("/"), true)).map((output) => ({ output }));
}

function targetsOf(
  outputs: readonly TrackedOutput[],
  target: string,
  pathOf: (target: string) => string,
  isExact: boolean,
): readonly Target[] {
  const path = pathOf(target);
  const ofFile = outputs.filter(({ origin }) => origin.file === path);
  if (ofFile.length > 0) return ofFile.map((output) => ({ output }));
  const [, file = "dvc.yaml", name] = /^(?:(.*dvc\.yaml)?:)?(.*)$/s.exec(target) ?? [];
  const pipeline = pathOf(file);
  const ofStage = outputs.filter(({ origin }) => {
    if (origin.kind !== "stage" || origin.file !== pipeline) return false;
    return origin.stage.name === name || origin.stage.name.startsWith(`${name}@`);
  });
  if (ofStage.length > 0) return ofStage.map((output) => ({ output }));
  const around = outputAround(outputs, path);
  if (around?.path === path) return [{ output: around }];
  if (around !== undefined) return [{ output: around, inside: path.slice(around.path.length + 1) }];
  if (isExact) return [];
  return outputs.filter((output) => path === "" || output.path.startsWith(`${path}/`)).map((output) => ({ output }));
}

function notTracked(outputs: readonly TrackedOutput[], target: string, folder: string): AppError {
  const shown = (path: string): string => posix.relative(folder, path);
  const known = outputs.flatMap(({ path, origin }) => [
    shown(path),
    shown(origin.file),
    ...(origin.kind === "stage" ? [origin.stage.name] : []),
  ]);
  const near = nearestName(target, known);
  return new AppError("DATA_NOT_TRACKED", {
    required: "data that is tracked",
    received: `'${target.slice(0, 200)}'`,
    hint: near === undefined ? "look at what is tracked with `pawprint data status`" : `did you mean ${near}?`,
  });
}
