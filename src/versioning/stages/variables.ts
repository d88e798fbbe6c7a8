/** What templates may use: params.yaml, and the `vars` of a dvc.yaml and of its stages. */
import { AppError } from "../../base/errors.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import { isPlainKey } from "../formats/yaml-node.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import { join } from "./join-path.ts";
import { readParamsFile } from "./params-file.ts";
import { hasTemplate } from "./templates.ts";

export interface Variables {
  readonly values: ParamMap;
  /** Files that were read, with the names taken from them; all of them where there are none. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** Names that `vars` of a stage may not define: those that foreach and matrix give. */
  readonly reserved: readonly string[];
}

/** With the params.yaml of `folder`, where there is one. Errors: as `withVars`. */
export async function firstVariables(
  tree: MetadataTree,
  folder: string,
  vars: readonly ParamValue[],
  where: string,
): Promise<Variables> {
  const none: Variables = { values: new Map(), files: new Map(), reserved: [] };
  const usual = join(folder, "params.yaml");
  const first = (await tree.read(usual)) === undefined ? none : await withFile(tree, none, usual, [], where);
  return withVars(tree, first, folder, vars, where);
}

/**
 * With those of a section `vars`: mappings, files, and names of files (`params.yaml:a,b`).
 * Errors: PIPELINE_INVALID where a file or name is not there or a variable has two values, and those
 * of `readParamsFile`.
 */
export async function withVars(
  tree: MetadataTree,
  known: Variables,
  folder: string,
  vars: readonly ParamValue[],
  where: string,
): Promise<Variables> {
  if (vars.some(hasTemplate)) throw invalid("vars without templates", "a template", where);
  let variables = known;
  for (const one of vars) {
    if (one instanceof Map) variables = withValues(variables, one, where);
    else {
      const text = String(one); // the form of dvc.yaml has nothing else here
      const at = text.indexOf(":");
      const [file, names] = at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
      variables = await withFile(tree, variables, join(folder, file), names.split(",").filter(Boolean), where);
    }
  }
  return variables;
}

async function withFile(
  tree: MetadataTree,
  variables: Variables,
  path: string,
  names: readonly string[],
  where: string,
): Promise<Variables> {
  const before = variables.files.get(path);
  if (before !== undefined) {
    if (before.length === 0 && names.length === 0) return variables;
    const isTwice = before.length === 0 || names.length === 0 || names.some((name) => before.includes(name));
    if (isTwice) throw invalid("each file of variables, or name of one, once", `'${path}' again`, where);
  }
  const all = await readParamsFile(tree, path);
  if (all === undefined) throw invalid("a file of variables that exists", `'${path}'`, where);
  const missing = names.find((name) => !all.has(name));
  if (missing !== undefined) throw invalid(`a key of ${path}`, `'${missing}'`, where);
  const taken = names.length === 0 ? all : new Map(names.map((name) => [name, all.get(name) ?? null]));
  const files = new Map([...variables.files, [path, [...(before ?? []), ...names]] as const]);
  return { ...withValues(variables, taken, where), files };
}

function withValues(variables: Variables, more: ParamMap, where: string): Variables {
  const reserved = variables.reserved.find((name) => more.has(name));
  if (reserved !== undefined)
    throw invalid("other names than foreach and matrix give their stages", `'${reserved}'`, where);
  return { ...variables, values: joined(variables.values, withTextKeys(more), where) };
}

/** Names that are numbers, true, false or null cannot be used in templates. */
function withTextKeys(value: ParamMap): ParamMap {
  return new Map([...value].filter(([key]) => !isPlainKey(value, key)).map(([key, one]) => [key, withinText(one)]));
}

function withinText(value: ParamValue): ParamValue {
  if (value instanceof Map) return withTextKeys(value);
  return Array.isArray(value) ? value.map(withinText) : value;
}

/** Mappings are joined, and anything else may be defined once only. */
function joined(a: ParamMap, b: ParamMap, where: string, path = ""): ParamMap {
  const both = new Map(a);
  for (const [key, value] of b) {
    const old = both.get(key);
    if (old === undefined) both.set(key, value);
    else if (old instanceof Map && value instanceof Map) both.set(key, joined(old, value, where, `${path}${key}.`));
    else throw invalid("each variable defined once", `'${path}${key}' again`, where);
  }
  return both;
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("PIPELINE_INVALID", { required, received, where });
}
