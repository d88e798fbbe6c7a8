/** Files of parameters: YAML and JSON. */
import { AppError } from "../../base/errors.ts";
import { textOf } from "../formats/entry-reader.ts";
import { parseJson } from "../formats/json-values.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import { parseYaml } from "../formats/yaml.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import { join, leadsOut } from "./join-path.ts";
import type { Stage } from "./stage.ts";

/** Undefined where there is no such file. Errors: DATA_FILE_INVALID, DATA_FEATURE_UNSUPPORTED. */
export async function readParamsFile(tree: MetadataTree, path: string): Promise<ParamMap | undefined> {
  refuseKind(path);
  if (leadsOut(path)) {
    const required = "parameters inside the repository";
    throw new AppError("DATA_FEATURE_UNSUPPORTED", { required, received: "a path that leads out of it", where: path });
  }
  const bytes = await tree.read(path);
  if (bytes === undefined) return undefined;
  const value = parseParams(bytes, path);
  if (value instanceof Map) return value;
  throw new AppError("DATA_FILE_INVALID", {
    required: "parameters as a mapping",
    received: "another value",
    where: path,
  });
}

/** JSON by the file's ending, else YAML. Errors: DATA_FILE_INVALID, DATA_FEATURE_UNSUPPORTED. */
export function parseParams(bytes: Uint8Array, path: string): ParamValue {
  refuseKind(path);
  const text = textOf(bytes, path);
  return endingOf(path) === "json" ? parseJson(text, path) : orEmpty(parseYaml(text, path));
}

function endingOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}

function refuseKind(path: string): void {
  const ending = endingOf(path);
  if (ending !== "py" && ending !== "toml") return;
  throw new AppError("DATA_FEATURE_UNSUPPORTED", {
    required: "parameters in YAML or JSON",
    received: ending === "py" ? "a Python file" : "a TOML file",
    where: path,
  });
}

/** As Python's `or {}`: what counts as false is no parameters. */
function orEmpty(value: ParamValue): ParamValue {
  const isEmpty = !value || (Array.isArray(value) && value.length === 0);
  return isEmpty ? new Map() : value;
}

/** What a dotted key names; undefined where nothing is. */
export function paramAt(params: ParamMap, key: string): ParamValue | undefined {
  if (params.has(key)) return params.get(key);
  let value: ParamValue | undefined = params;
  for (const part of key.split(".")) {
    if (value instanceof Map) value = value.get(part);
    else if (Array.isArray(value) && /^\d+$/.test(part)) value = value[Number(part)];
    else return undefined;
  }
  return value;
}

/** The values that a stage depends on, by file (as the stage names it) and key; `undefined` for a file that is not there. */
export async function readStageParams(
  tree: MetadataTree,
  { params, workFolder }: Pick<Stage, "params" | "workFolder">,
): Promise<ReadonlyMap<string, ParamMap | undefined>> {
  const values = new Map<string, ParamMap | undefined>();
  for (const { file, keys } of params) {
    const all = await readParamsFile(tree, join(workFolder, file));
    const chosen =
      all === undefined || keys.length === 0
        ? all
        : new Map(
            keys.flatMap((key) => {
              const value = paramAt(all, key);
              return value === undefined ? [] : [[key, value] as const];
            }),
          );
    values.set(file, chosen);
  }
  return values;
}

/** As Python compares: numbers by value, NaN equal to nothing, mappings in any order. */
export function isSameParam(a: ParamValue | undefined, b: ParamValue | undefined): boolean {
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && isSameParam(value, b.get(key)));
  }
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, at) => isSameParam(one, b[at]));
  const number = (value: ParamValue | undefined): number | undefined =>
    typeof value === "number"
      ? value
      : typeof value === "bigint" || typeof value === "boolean"
        ? Number(value)
        : undefined;
  const [left, right] = [number(a), number(b)];
  return left !== undefined && right !== undefined ? left === right : a === b;
}
