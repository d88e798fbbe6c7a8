/** Metrics and parameters of pipelines, now and at Git revisions, and what differs between two. */
import { byCodeUnits } from "../base/by-code-units.ts";
import { AppError } from "../base/errors.ts";
import { readObject } from "../versioning/cache/object-cache.ts";
import type { ParamMap, ParamValue } from "../versioning/formats/param-value.ts";
import { type MetadataTree, openRevision, openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { join } from "../versioning/stages/join-path.ts";
import { isSameParam, paramAt, parseParams, readParamsFile } from "../versioning/stages/params-file.ts";
import { type Pipeline, readPipelines } from "../versioning/stages/read-stages.ts";
import { pythonRepr } from "./python-repr.ts";

/** What each file holds, by its path from the repository's root; a file that cannot be read has its error. */
export type ValueTable = ReadonlyMap<string, ParamValue | AppError>;

/** The work tree where no revision is given. Errors: GIT_REVISION_UNKNOWN; those of `readPipelines`. */
export async function readMetrics(repository: Repository, revision?: string): Promise<ValueTable> {
  const tree = await treeAt(repository, revision);
  const table = new Map<string, ParamValue | AppError>();
  for (const { file, read } of metricFiles(repository, tree, await readPipelines(tree))) {
    if (table.has(file)) continue;
    try {
      const bytes = await read();
      if (bytes === undefined)
        throw new AppError("FILE_NOT_FOUND", { required: "a file of metrics", received: "nothing", where: file });
      table.set(file, metricsOf(parseParams(bytes, file)) ?? new Map());
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      table.set(file, error);
    }
  }
  return table;
}

function treeAt(repository: Repository, revision: string | undefined): MetadataTree | Promise<MetadataTree> {
  return revision === undefined ? openWorkTree(repository) : openRevision(repository, revision);
}

interface MetricFile {
  readonly file: string;
  read(): Promise<Uint8Array | undefined>;
}

/** Of stages first, then of the section `metrics`; content from the tree, else from the cache. */
function metricFiles(
  repository: Repository,
  tree: MetadataTree,
  pipelines: readonly Pipeline[],
): readonly MetricFile[] {
  const ofStages = pipelines.flatMap(({ stages }) =>
    stages.flatMap((stage) =>
      stage.outs
        .filter(({ kind }) => kind === "metric")
        .map(({ path, isCached }) => {
          const file = join(stage.workFolder, path);
          const hash = stage.locked?.outs.find((out) => out.path === path)?.hash;
          return {
            file,
            async read() {
              const there = await tree.read(file);
              return there ?? (isCached && hash !== undefined ? readObject(repository, hash) : undefined);
            },
          };
        }),
    ),
  );
  const others = pipelines.flatMap(({ metrics }) => metrics.map((file) => ({ file, read: () => tree.read(file) })));
  return [...ofStages, ...others];
}

/** Without lists and nulls, which are no metrics for DVC, and without mappings that have nothing else. */
function metricsOf(value: ParamValue): ParamValue | undefined {
  if (!(value instanceof Map)) return value === null || Array.isArray(value) ? undefined : value;
  const found = [...value].flatMap(([key, one]): [string, ParamValue][] => {
    const inner = metricsOf(one);
    return inner === undefined || (inner instanceof Map && inner.size === 0) ? [] : [[key, inner]];
  });
  return new Map(found);
}

/** Leaves by dotted key; a list is one value. A file that is one value has an empty key. */
export function leavesOf(value: ParamValue, prefix = ""): ReadonlyMap<string, ParamValue> {
  if (!(value instanceof Map)) return new Map([[prefix, value]]);
  const leaves = new Map<string, ParamValue>();
  for (const [key, one] of value) {
    for (const [name, leaf] of leavesOf(one, prefix === "" ? key : `${prefix}.${key}`)) leaves.set(name, leaf);
  }
  return leaves;
}

/**
 * The keys that stages name, and all of params.yaml at the root and of the files in sections `params`.
 * Errors: as `readMetrics`.
 */
export async function readParams(repository: Repository, revision?: string): Promise<ValueTable> {
  const tree = await treeAt(repository, revision);
  const wanted = new Map<string, Set<string> | "all">([["params.yaml", "all"]]);
  for (const { params, stages } of await readPipelines(tree)) {
    for (const whole of params) wanted.set(whole, "all");
    for (const stage of stages) {
      for (const { file: named, keys } of stage.params) {
        const path = join(stage.workFolder, named);
        const known = wanted.get(path);
        if (known === "all") continue;
        wanted.set(path, keys.length === 0 ? "all" : new Set([...(known ?? []), ...keys]));
      }
    }
  }
  const table = new Map<string, ParamValue | AppError>();
  for (const [file, keys] of wanted) {
    try {
      const all = await readParamsFile(tree, file);
      if (all !== undefined) table.set(file, keys === "all" ? all : chosen(all, keys));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      table.set(file, error);
    }
  }
  return table;
}

/** The values at dotted keys, in mappings as they are in the file. */
function chosen(all: ParamMap, keys: ReadonlySet<string>): ParamMap {
  const found = new Map<string, ParamValue>();
  for (const key of keys) {
    const value = paramAt(all, key);
    if (value === undefined) continue;
    const names = key.split(".");
    let at = found;
    for (const name of names.slice(0, -1)) {
      const inner = at.get(name);
      const next = new Map(inner instanceof Map ? inner : []);
      at.set(name, next);
      at = next;
    }
    at.set(names.at(-1)!, value); // split gives one at least
  }
  return found;
}

/** One value in two versions; absent where a version has none. */
export interface ValueChange {
  readonly file: string;
  readonly key: string;
  readonly before?: ParamValue;
  readonly after?: ParamValue;
  /** Of two numbers: after minus before. */
  readonly difference?: number;
  readonly isSame: boolean;
}

/** Every value of both, by file and key. Files that cannot be read count as empty. */
export function compareValues(before: ValueTable, after: ValueTable): readonly ValueChange[] {
  const files = [...new Set([...before.keys(), ...after.keys()])];
  return files.flatMap((file) => {
    const [old, now] = [valuesOf(before.get(file)), valuesOf(after.get(file))];
    const keys = [...new Set([...old.keys(), ...now.keys()])].sort(byCodeUnits);
    return keys.map((key): ValueChange => {
      const [left, right] = [old.get(key), now.get(key)];
      const isNumber = (value: ParamValue | undefined): value is number | bigint =>
        typeof value === "number" || typeof value === "bigint";
      return {
        file,
        key,
        ...(left !== undefined && { before: left }),
        ...(right !== undefined && { after: right }),
        ...(isNumber(left) && isNumber(right) && { difference: Number(right) - Number(left) }),
        isSame: isSameParam(compared(left), compared(right)),
      };
    });
  });
}

/** As for DVC: null is nothing, and lists are their texts, so that 1 and 1.0 in them differ. */
function compared(value: ParamValue = null): ParamValue {
  return Array.isArray(value) ? pythonRepr(value) : value;
}

function valuesOf(values: ParamValue | AppError | undefined): ReadonlyMap<string, ParamValue> {
  return values === undefined || values instanceof AppError ? new Map() : leavesOf(values);
}

/** For JSON: integers as numbers, NaN and infinities as texts. */
export function plainValueOf(value: ParamValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plainValueOf(one)]));
  return Array.isArray(value) ? value.map(plainValueOf) : value;
}
