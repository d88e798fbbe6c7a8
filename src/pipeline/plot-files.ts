/** Which files the plots of a pipeline are drawn from, and how each is read: from the tree, else from the cache. */
import { lstatSync } from "node:fs";
import * as nodePath from "node:path";
import { byCodeUnits } from "../base/by-code-units.ts";
import { AppError } from "../base/errors.ts";
import { readObject, readTree } from "../versioning/cache/object-cache.ts";
import { walkData } from "../versioning/cache/walk-data.ts";
import { isFolderHash } from "../versioning/data-hash.ts";
import type { ParamMap, ParamValue } from "../versioning/formats/param-value.ts";
import { readOutputs, type TrackedOutput } from "../versioning/outputs.ts";
import { openIgnoreRules } from "../versioning/repo/ignore-rules.ts";
import type { MetadataTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { join } from "../versioning/stages/join-path.ts";
import { type Pipeline, readPipelines } from "../versioning/stages/read-stages.ts";

/** One plot, before its files are read. */
export interface PlotSource {
  readonly name: string;
  readonly settings: ParamMap;
  /** Several are drawn over each other. */
  readonly curves: readonly Curve[];
}

export interface Curve {
  /** From the repository's root. */
  readonly file: string;
  /** Unless given, the last one. */
  readonly column?: string;
  readonly x?: { readonly file: string; readonly column: string };
}

export interface PlotFiles {
  readonly sources: readonly PlotSource[];
  /** Errors: FILE_NOT_FOUND, DATA_OBJECT_MISSING, FILE_READ_FAILED. */
  read(file: string): Promise<Uint8Array>;
}

/** Plots of stages, then of the sections `plots`. Errors: those of `readPipelines` and `readOutputs`. */
export async function findPlots(repository: Repository, tree: MetadataTree): Promise<PlotFiles> {
  const tracked = new Map((await readOutputs(tree)).map((output) => [output.path, output]));
  const pipelines = await readPipelines(tree);
  const place: Place = { repository, tree, tracked };
  const sources = new Map<string, PlotSource>();
  const add = (name: string, source: Omit<PlotSource, "name">): void => {
    let free = name;
    for (let at = 2; sources.has(free); at++) free = `${name} ${at}`;
    sources.set(free, { ...source, name: free });
  };
  for (const stage of pipelines.flatMap(({ stages }) => stages)) {
    for (const { path, kind, plot = new Map() } of stage.outs) {
      if (kind !== "plot") continue;
      for (const file of await filesAt(place, join(stage.workFolder, path))) {
        add(file, { settings: plot, curves: curvesOf(file, "", plot) });
      }
    }
  }
  for (const pipeline of pipelines) await addTopPlots(place, pipeline, (name) => sources.has(name), add);
  return { sources: [...sources.values()], read: (file) => readFile(place, file) };
}

interface Place {
  readonly repository: Repository;
  readonly tree: MetadataTree;
  readonly tracked: ReadonlyMap<string, TrackedOutput>;
}

async function addTopPlots(
  place: Place,
  { plots, file: pipelineFile }: Pipeline,
  isTaken: (name: string) => boolean,
  add: (name: string, source: Omit<PlotSource, "name">) => void,
): Promise<void> {
  for (const { name, settings, folder } of plots) {
    if (settings.get("y") instanceof Map) {
      add(name, { settings, curves: curvesOf(name, folder, settings) });
      continue;
    }
    for (const file of await filesAt(place, join(folder, name))) {
      // A stage may have a plot of the same file: both are drawn, as DVC names them.
      add(isTaken(file) ? `${pipelineFile}::${file}` : file, { settings, curves: curvesOf(file, "", settings) });
    }
  }
}

/** `y: loss`, `y: [loss, accuracy]`, `y: {train.csv: loss, test.csv: [loss]}`; `x` the same, but one column. */
function curvesOf(name: string, folder: string, settings: ParamMap): readonly Curve[] {
  const [y, x] = [settings.get("y"), settings.get("x")];
  const byFile: readonly (readonly [string, ParamValue | undefined])[] = y instanceof Map ? [...y] : [[name, y]];
  return byFile.flatMap(([given, columns]) => {
    const file = join(folder, given);
    const along = abscissa(x, given, folder);
    const one = (column?: string): Curve => ({
      file,
      ...(column !== undefined && { column }),
      ...(along && { x: along }),
    });
    const named = (Array.isArray(columns) ? columns : [columns]).filter((column) => typeof column === "string");
    return named.length === 0 ? [one()] : named.map(one);
  });
}

/** Of a file that `x` does not name: the column of the one that it names. */
function abscissa(x: ParamValue | undefined, given: string, folder: string): Curve["x"] {
  if (typeof x === "string") return { file: join(folder, given), column: x };
  if (!(x instanceof Map)) return undefined;
  const [file, column] = x.has(given) ? [given, x.get(given)] : ([...x][0] ?? []);
  return typeof file === "string" && typeof column === "string" ? { file: join(folder, file), column } : undefined;
}

/** The files of a folder, ascending; else the path itself. */
async function filesAt({ repository, tree, tracked }: Place, path: string): Promise<readonly string[]> {
  const { root } = repository;
  const folder = nodePath.join(root, path);
  const inFolder = (files: readonly { readonly path: string }[]): readonly string[] =>
    files.map((file) => join(path, file.path)).sort(byCodeUnits);
  if (isOutside(path)) return [path];
  if (tree.commit === undefined && lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return inFolder(walkData({ folder, fromRoot: path, rules: openIgnoreRules(root) }));
  }
  const hash = tracked.get(path)?.hash;
  return hash !== undefined && isFolderHash(hash) ? inFolder(await readTree(repository, hash)) : [path];
}

async function readFile(place: Place, file: string): Promise<Uint8Array> {
  const bytes = isOutside(file) ? undefined : ((await place.tree.read(file)) ?? (await readCached(place, file)));
  if (bytes !== undefined) return bytes;
  throw new AppError("FILE_NOT_FOUND", {
    required: "a plot's file in the repository",
    received: isOutside(file) ? "a path that leads out of it" : "nothing",
    where: file,
  });
}

function isOutside(path: string): boolean {
  return path === ".." || path.startsWith("../");
}

/** The content of an output, or of a file in one that is a folder. */
async function readCached({ repository, tracked }: Place, file: string): Promise<Uint8Array | undefined> {
  const hash = tracked.get(file)?.hash;
  if (hash !== undefined && !isFolderHash(hash)) return readObject(repository, hash);
  for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
    const around = tracked.get(file.slice(0, at))?.hash;
    if (around === undefined || !isFolderHash(around)) continue;
    const inside = (await readTree(repository, around)).find(({ path }) => path === file.slice(at + 1));
    return inside && readObject(repository, { md5: inside.md5, algorithm: around.algorithm });
  }
  return undefined;
}
