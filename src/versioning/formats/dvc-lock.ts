/** `dvc.lock`: what the stages of a pipeline last ran with, and made. */
import { AppError } from "../../base/errors.ts";
import type { DataEntry } from "../data-hash.ts";
import type { LockedStage } from "../stages/stage.ts";
import { readerOf, textOf } from "./entry-reader.ts";
import type { ParamMap, ParamValue } from "./param-value.ts";
import { byCodePoints } from "./python-json.ts";
import { parseYaml, writeYaml } from "./yaml.ts";
import { parseEditable, writeEditable } from "./yaml-edit.ts";
import { childOf, nodeOf, setChild } from "./yaml-node.ts";

/** By the stage's name. Errors: DATA_FILE_INVALID, DATA_FEATURE_UNSUPPORTED. */
export function parseDvcLock(bytes: Uint8Array, where: string): ReadonlyMap<string, LockedStage> {
  const reader = readerOf(parseYaml(textOf(bytes, where), where), where, "a dvc.lock");
  const schema = reader.text("schema");
  if (schema !== "2.0" && reader.entries().length > 0) {
    throw new AppError("DATA_FEATURE_UNSUPPORTED", {
      required: "a dvc.lock of schema '2.0'",
      received: schema === undefined ? "one without a schema, of DVC 1" : `'${schema}'`,
      where,
      hint: "write it anew with DVC 2 or 3: dvc repro",
    });
  }
  reader.refuse("datasets", "stages alone");
  const stages = readerOf(reader.map("stages") ?? null, where, "stages");
  reader.refuseOthers();
  return new Map(stages.entries().map(([name, value]) => [name, readStage(value, `${where}, stage ${name}`)]));
}

function readStage(value: ParamValue, where: string): LockedStage {
  const reader = readerOf(value, where, "a stage");
  const { cmd = null } = Object.fromEntries(reader.annotations(["cmd"]));
  const isList = Array.isArray(cmd) && cmd.every((line) => typeof line === "string");
  if (typeof cmd !== "string" && !isList) {
    throw new AppError("DATA_FILE_INVALID", { required: "a command", received: "none", where });
  }
  const entries = (key: "deps" | "outs"): readonly DataEntry[] =>
    reader.list(key).map((row) => {
      const entry = row.entry();
      row.refuseOthers();
      return entry;
    });
  const params = [...(reader.map("params") ?? new Map<string, ParamValue>())].map(
    ([file, values]) => [file, values instanceof Map ? values : new Map<string, ParamValue>()] as const,
  );
  const stage = {
    cmd: cmd as string | readonly string[], // checked above
    deps: entries("deps"),
    params: new Map(params),
    outs: entries("outs"),
  };
  reader.refuseOthers();
  return stage;
}

/** A stage as a value of `dvc.lock`, in its order of keys; paths and params sorted. */
export function valueOfLocked({ cmd, deps, params, outs }: LockedStage): ParamMap {
  const value = new Map<string, ParamValue>([["cmd", cmd]]);
  if (deps.length > 0) value.set("deps", sortedByPath(deps).map(valueOfLockedEntry));
  const files = [...params.keys()].sort((a, b) =>
    a === "params.yaml" ? -1 : b === "params.yaml" ? 1 : byCodePoints(a, b),
  );
  if (files.length > 0) {
    const sorted = (file: string): ParamMap =>
      new Map([...(params.get(file) ?? [])].sort(([a], [b]) => byCodePoints(a, b)));
    value.set("params", new Map(files.map((file) => [file, sorted(file)])));
  }
  if (outs.length > 0) value.set("outs", sortedByPath(outs).map(valueOfLockedEntry));
  return value;
}

function sortedByPath(entries: readonly DataEntry[]): readonly DataEntry[] {
  return entries.toSorted((a, b) => byCodePoints(a.path, b.path));
}

function valueOfLockedEntry({ path, hash, sizeBytes, fileCount, isExecutable }: DataEntry): ParamMap {
  return new Map<string, ParamValue>([
    ["path", path],
    ...(hash?.algorithm === "md5-dos2unix" ? [] : [["hash", "md5"] as const]),
    ...(hash === undefined ? [] : [["md5", hash.md5] as const]),
    ...(sizeBytes === undefined ? [] : [["size", BigInt(sizeBytes)] as const]),
    ...(fileCount === undefined ? [] : [["nfiles", BigInt(fileCount)] as const]),
    ...(isExecutable ? [["isexec", true] as const] : []),
  ]);
}

/** The text with entries replaced or added, byte for byte as DVC writes it; all others stay. */
export function writeDvcLock(old: string | undefined, stages: ReadonlyMap<string, LockedStage>): string {
  const values = new Map([...stages].map(([name, stage]) => [name, valueOfLocked(stage)]));
  if (old === undefined || old.trim() === "") {
    return writeYaml(
      new Map<string, ParamValue>([
        ["schema", "2.0"],
        ["stages", values],
      ]),
    );
  }
  const editable = parseEditable(old, "dvc.lock");
  const { root } = editable;
  const stagesNode = childOf(root, "stages");
  if (root.kind !== "map") return writeDvcLock(undefined, stages);
  if (stagesNode?.kind !== "map") setChild(root, "stages", nodeOf(values));
  else for (const [name, value] of values) setChild(stagesNode, name, nodeOf(value));
  return writeEditable(editable);
}

/** The text without a stage; undefined where it was the last one. */
export function withoutStage(text: string, name: string): string | undefined {
  const editable = parseEditable(text, "the pipeline's file");
  const stages = childOf(editable.root, "stages");
  if (stages?.kind !== "map") return text;
  setChild(stages, name, undefined);
  return stages.pairs.length === 0 ? undefined : writeEditable(editable);
}
