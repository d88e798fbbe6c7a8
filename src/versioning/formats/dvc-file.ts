/** `.dvc` files: what one output, or an import, is. */
import { createHash } from "node:crypto";
import { AppError } from "../../base/errors.ts";
import type { DataEntry } from "../data-hash.ts";
import { type EntryReader, readerOf, textOf } from "./entry-reader.ts";
import type { ParamMap, ParamValue } from "./param-value.ts";
import { pythonJson } from "./python-json.ts";
import { parseYaml, writeYaml } from "./yaml.ts";
import { parseEditable, writeEditable } from "./yaml-edit.ts";
import { applyDifference } from "./yaml-node.ts";

/** A row of `outs`. */
export interface DvcOutput extends DataEntry {
  /** False for `cache: false`: the content is not kept in the cache. */
  readonly isCached: boolean;
  /** `persist: true`: not removed before its stage runs. */
  readonly isPersistent: boolean;
  /** False for `push: false`. */
  readonly isPushed: boolean;
  /** The only remote that it goes to. */
  readonly remote?: string;
  /** `desc`, `type`, `labels` and `meta`, as they are. */
  readonly annotations?: ParamMap;
}

/** A row of `deps`: what an import came from. */
export interface DvcDependency extends DataEntry {
  /** Of `import-url` over S3 and HTTP: what tells versions apart there. */
  readonly etag?: string;
  readonly checksum?: string;
  /** Of `dvc import`: data of another DVC repository; `rev_lock` is the commit. */
  readonly repo?: ParamMap;
}

export interface DvcFile {
  /** Of an import: MD5 of its entries. */
  readonly md5?: string;
  readonly isFrozen: boolean;
  /** The folder that paths start from, from the file's own; `.` unless given. */
  readonly workFolder: string;
  readonly deps: readonly DvcDependency[];
  readonly outs: readonly DvcOutput[];
  /** `desc` and `meta` of the file itself. */
  readonly annotations?: ParamMap;
}

const annotationKeys = ["desc", "type", "labels", "meta"] as const;

/** Errors: DATA_FILE_INVALID, DATA_FEATURE_UNSUPPORTED (`files:`, `cloud:`). `where` is for messages. */
export function parseDvcFile(bytes: Uint8Array, where: string): DvcFile {
  const reader = readerOf(parseYaml(textOf(bytes, where), where), where, "a .dvc file");
  const md5 = reader.text("md5");
  const annotations = reader.annotations(["desc", "meta"]);
  if (reader.has("cmd")) throw unsupported("a .dvc file without a command", "the key 'cmd' of DVC before 1.0", where);
  if (reader.has("always_changed")) reader.flag("always_changed", false);
  const file: DvcFile = {
    ...(md5 !== undefined && { md5 }),
    isFrozen: reader.flag("frozen", false) || reader.flag("locked", false),
    workFolder: reader.text("wdir") ?? ".",
    deps: reader.list("deps").map((row) => readDependency(row)),
    outs: reader.list("outs").map((row) => readOutput(row)),
    ...(annotations.size > 0 && { annotations }),
  };
  reader.refuseOthers();
  return file;
}

function readOutput(reader: EntryReader): DvcOutput {
  const remote = reader.text("remote");
  reader.refuse("fs_config", "a path on this machine");
  reader.refuse("metric", "metrics in dvc.yaml");
  reader.refuse("plot", "plots in dvc.yaml");
  const annotations = reader.annotations(annotationKeys);
  const output: DvcOutput = {
    ...reader.entry(),
    isCached: reader.flag("cache", true),
    isPersistent: reader.flag("persist", false),
    isPushed: reader.flag("push", true),
    ...(remote !== undefined && { remote }),
    ...(annotations.size > 0 && { annotations }),
  };
  reader.refuseOthers();
  return output;
}

function readDependency(reader: EntryReader): DvcDependency {
  const [etag, checksum] = [reader.text("etag"), reader.text("checksum")];
  const repo = reader.map("repo");
  reader.refuse("fs_config", "a path or address alone");
  reader.refuse("db", "data of files");
  const dependency: DvcDependency = {
    ...reader.entry(),
    ...(etag !== undefined && { etag }),
    ...(checksum !== undefined && { checksum }),
    ...(repo !== undefined && { repo }),
  };
  reader.refuseOthers();
  return dependency;
}

function unsupported(required: string, received: string, where: string): AppError {
  return new AppError("DATA_FEATURE_UNSUPPORTED", { required, received, where });
}

/**
 * The text of a `.dvc` file, byte for byte as DVC writes it. Where `old` is the text that is there,
 * it is edited as DVC edits it: order of keys, comments and further keys stay.
 */
export function writeDvcFile(file: DvcFile, old?: string): string {
  const value = valueOfFile(file);
  if (old === undefined) return writeYaml(value);
  const editable = parseEditable(old, "the .dvc file");
  if (editable.root.kind !== "map") return writeYaml(value);
  applyDifference(value, editable.root);
  return writeEditable(editable);
}

function valueOfFile({ md5, workFolder, isFrozen, deps, outs, annotations }: DvcFile): ParamMap {
  const desc = annotations?.get("desc");
  const meta = annotations?.get("meta");
  return new Map<string, ParamValue>([
    ...(desc === undefined ? [] : [["desc", desc] as const]),
    ...(md5 === undefined ? [] : [["md5", md5] as const]),
    ...(workFolder === "." ? [] : [["wdir", workFolder] as const]),
    ...(isFrozen ? [["frozen", true] as const] : []),
    ...(deps.length === 0 ? [] : [["deps", deps.map(valueOfDependency)] as const]),
    ...(outs.length === 0 ? [] : [["outs", outs.map(valueOfOutput)] as const]),
    ...(meta === undefined ? [] : [["meta", meta] as const]),
  ]);
}

function valueOfOutput(output: DvcOutput): ParamMap {
  const { isCached, isPersistent, remote, isPushed, annotations } = output;
  return new Map<string, ParamValue>([
    ...valueOfEntry(output),
    ...annotationKeys.flatMap((key) => {
      const value = annotations?.get(key);
      return value === undefined ? [] : [[key, value] as const];
    }),
    ...(isCached ? [] : [["cache", false] as const]),
    ...(isPersistent ? [["persist", true] as const] : []),
    ...(remote === undefined ? [] : [["remote", remote] as const]),
    ...(isPushed ? [] : [["push", false] as const]),
  ]);
}

function valueOfDependency(dependency: DvcDependency): ParamMap {
  const { path, repo } = dependency;
  if (repo !== undefined)
    return new Map<string, ParamValue>([
      ["path", path],
      ["repo", repo],
    ]);
  return valueOfEntry(dependency);
}

/** `md5, etag, checksum, size, nfiles, isexec, hash, path`, as far as they are known. */
function valueOfEntry(
  entry: DataEntry & { readonly etag?: string; readonly checksum?: string },
): Map<string, ParamValue> {
  const { path, hash, sizeBytes, fileCount, isExecutable, etag, checksum } = entry;
  return new Map<string, ParamValue>([
    ...(hash === undefined ? [] : [["md5", hash.md5] as const]),
    ...(etag === undefined ? [] : [["etag", etag] as const]),
    ...(checksum === undefined ? [] : [["checksum", checksum] as const]),
    ...(sizeBytes === undefined ? [] : [["size", BigInt(sizeBytes)] as const]),
    ...(fileCount === undefined ? [] : [["nfiles", BigInt(fileCount)] as const]),
    ...(isExecutable ? [["isexec", true] as const] : []),
    ...(hash?.algorithm === "md5-dos2unix" ? [] : [["hash", "md5"] as const]),
    ["path", path],
  ]);
}

/**
 * The `md5` of an import: of its entries as JSON with sorted keys, without what describes them only.
 */
export function importMd5(file: DvcFile): string {
  const ignored = new Set<string>([
    ...annotationKeys,
    "frozen",
    "locked",
    "metric",
    "persist",
    "isexec",
    "size",
    "nfiles",
  ]);
  const without = (value: ParamValue): ParamValue => {
    if (value instanceof Map) {
      return new Map([...value].filter(([key]) => !ignored.has(key)).map(([key, one]) => [key, without(one)]));
    }
    return Array.isArray(value) ? value.map(without) : value;
  };
  const value = new Map(valueOfFile(file));
  for (const key of ["md5", "meta", "desc"]) value.delete(key);
  return createHash("md5")
    .update(pythonJson(without(value), { sortKeys: true }))
    .digest("hex");
}
