/** A stage from its definition without templates. */
import { AppError } from "../../base/errors.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import type { FilledDefinition } from "./definitions.ts";
import { plotKeys } from "./pipeline-form.ts";
import type { Stage, StageOutput, StageParams } from "./stage.ts";

/** Errors: PIPELINE_INVALID where a template left another value than the key takes; DATA_FEATURE_UNSUPPORTED. */
export function stageOf({ name, workFolder, fields }: FilledDefinition, file: string, fileWhere: string): Stage {
  const where = `${fileWhere}, stage ${name}`;
  const list = (key: string): readonly ParamValue[] => (fields.get(key) ?? []) as readonly ParamValue[]; // by its form
  const outs = (key: "outs" | "metrics" | "plots"): readonly StageOutput[] => outputsOf(list(key), key, where);
  const description = fields.get("desc");
  return {
    name,
    file,
    workFolder,
    cmd: commandOf(fields.get("cmd"), where),
    deps: list("deps").map((one) => textOf(one, "deps", where)),
    params: paramsOf(list("params"), where),
    outs: [...outs("outs"), ...outs("metrics"), ...outs("plots")],
    isFrozen: fields.get("frozen") === true,
    alwaysChanged: fields.get("always_changed") === true,
    ...(typeof description === "string" && { description }),
  };
}

function commandOf(cmd: ParamValue | undefined, where: string): Stage["cmd"] {
  return Array.isArray(cmd)
    ? cmd.map((line: ParamValue) => textOf(line, "cmd", where))
    : textOf(cmd ?? null, "cmd", where);
}

/** Keys of params.yaml, and mappings of other files to their keys; a file without keys counts whole. */
function paramsOf(list: readonly ParamValue[], where: string): readonly StageParams[] {
  const rows = list.flatMap((one): readonly (readonly [string, readonly ParamValue[]])[] => {
    if (!(one instanceof Map)) return [["params.yaml", [one]]];
    return [...one].map(([file, keys]) => {
      if (keys !== null && !Array.isArray(keys))
        throw invalid("a list of keys under params", `one of '${file}'`, where);
      return [file, keys ?? []] as const;
    });
  });
  const whole = new Set(rows.flatMap(([file, keys]) => (keys.length === 0 ? [file] : [])));
  const files = new Map<string, Set<string>>();
  for (const [file, keys] of rows) {
    const known = files.get(file) ?? new Set();
    if (!whole.has(file)) for (const key of keys) known.add(textOf(key, "params", where));
    files.set(file, known);
  }
  return [...files].map(([file, keys]) => ({ file, keys: [...keys] }));
}

/** Settings of a path that is there twice are joined. */
function outputsOf(
  list: readonly ParamValue[],
  section: "outs" | "metrics" | "plots",
  where: string,
): readonly StageOutput[] {
  const merged = new Map<string, ParamMap>();
  for (const one of list) {
    const rows = one instanceof Map ? [...one] : [[textOf(one, section, where), new Map()] as const];
    for (const [path, settings] of rows) {
      if (!(settings instanceof Map)) throw unsupported("one plot for each path", "a list of plots", where);
      merged.set(path, new Map([...(merged.get(path) ?? []), ...settings]));
    }
  }
  const kind = section === "outs" ? "out" : section === "metrics" ? "metric" : "plot";
  return [...merged].map(([path, settings]) => outputOf(path, settings, kind, where));
}

function outputOf(path: string, settings: ParamMap, kind: StageOutput["kind"], where: string): StageOutput {
  if (settings.has("checkpoint")) throw unsupported("outputs of stages that end", "the key 'checkpoint'", where);
  const remote = settings.get("remote");
  const plot = plotKeys.flatMap((key) => {
    const value = settings.get(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    path,
    isCached: settings.get("cache") !== false,
    isPersistent: settings.get("persist") === true,
    isPushed: settings.get("push") !== false,
    ...(remote !== undefined && { remote: textOf(remote, "remote", where) }),
    kind,
    ...(plot.length > 0 && { plot: new Map(plot) }),
  };
}

function textOf(value: ParamValue, key: string, where: string): string {
  if (typeof value === "string") return value;
  const received = value === null ? "nothing" : typeof value === "object" ? "a list or mapping" : String(value);
  throw invalid(`texts under ${key}`, received, where);
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("PIPELINE_INVALID", { required, received, where });
}

function unsupported(required: string, received: string, where: string): AppError {
  return new AppError("DATA_FEATURE_UNSUPPORTED", { required, received, where });
}
