/** Moves pictures that are at fault out of a folder, so that they can be put back. */
import type { Stats } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { AppError, isAppError } from "../../../base/errors.ts";
import { ensureFolder } from "../../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../../base/files/file-failure.ts";
import { sha256File } from "../../../base/hash.ts";
import { type Progress, silentProgress } from "../../../base/progress.ts";
import { sourceChanged } from "../../sources/stamped-file.ts";
import { type FindingKind, findingTable, type Inspection } from "../findings/findings.ts";
import { type MoveFileSystem, moveFile } from "./move-file.ts";
import { pathInside, type QuarantineEntry, writeQuarantineLog } from "./quarantine-log.ts";

export interface QuarantineOptions {
  /**
   * Where quarantines are made, each in a folder of its own; `<source>.quarantine` unless given.
   */
  readonly to?: string;
  /** Which findings lead to a move; `fixedKinds` unless given. */
  readonly kinds?: readonly FindingKind[];
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970, for the folder's name. */
  readonly now?: () => number;
  readonly files?: MoveFileSystem;
}

export interface QuarantineReport {
  /**
   * Absolute path of the new folder with pictures and log; absent where nothing was to be moved.
   */
  readonly folder?: string;
  readonly moved: readonly QuarantineEntry[];
  /** Offenders that stay where they are. */
  readonly left: readonly { readonly id: string; readonly reason: string }[];
}

/** The kinds that are moved unless others are asked for. */
export const fixedKinds: readonly FindingKind[] = allKinds().filter((kind) => findingTable[kind].isFixed);

const picturesFolder = "pictures";

/**
 * Moves the offenders of an inspection's findings to `<to>/<time>/pictures/...`, each once, under
 * their relative paths. A log of all moves is on the disk before the first of them, so that
 * `restoreQuarantine` can undo any part of the work, whenever it ended. Nothing is ever
 * overwritten; symbolic links and files that cannot be read are left.
 *
 * Errors: DATASET_SOURCE_UNKNOWN for a source that is no folder; SOURCE_CHANGED, before anything is
 * moved, where a picture is no longer the one that was inspected; FILE_EXISTS, FILE_WRITE_FAILED,
 * INTERRUPTED.
 */
export async function quarantine(
  inspection: Pick<Inspection, "source" | "findings" | "facts">,
  options: QuarantineOptions = {},
): Promise<QuarantineReport> {
  const { progress = silentProgress, signal, now = Date.now, files } = options;
  requireFolderSource(inspection.source);
  const root = resolve(inspection.source.location);
  const parent = resolve(options.to ?? `${root}.quarantine`);
  requireOutside(root, parent);

  const offenders = offendersOf(inspection, options.kinds ?? fixedKinds);
  const { entries, left } = await planMoves(root, inspection, offenders, signal);
  if (entries.length === 0) return { moved: [], left };

  const createdAt = new Date(now()).toISOString();
  const folder = await makeFolder(parent, createdAt.slice(0, 19).replaceAll(":", "-"));
  await writeQuarantineLog(folder, { source: root, entries }, { createdAt, ...(files && { files }) });
  const task = progress.start({ label: "move", total: entries.length, unit: "pictures" });
  try {
    for (const { from, to } of entries) {
      throwIfCancelled(signal);
      await moveFile(join(root, from), join(folder, to), { ...(files && { files }), ...(signal && { signal }) });
      task.advance();
    }
  } catch (error) {
    task.fail();
    throw withWayBack(error, folder);
  }
  task.done();
  return { folder, moved: entries, left };
}

/**
 * Refuses sources whose pictures cannot be moved one by one.
 * Errors: DATASET_SOURCE_UNKNOWN.
 */
export function requireFolderSource({ kind, location }: Inspection["source"]): void {
  if (kind === "folder") return;
  throw new AppError("DATASET_SOURCE_UNKNOWN", {
    required: "a folder of pictures",
    received: `a source of kind '${kind}'`,
    where: location,
    hint: `pawprint data import ${location} --to data/raw, then check that folder`,
  });
}

function allKinds(): readonly FindingKind[] {
  return Object.keys(findingTable) as FindingKind[]; // the keys of a constant are its kinds
}

/** Each offender once, with the first finding that names it; findings come in the table's order. */
function offendersOf(
  { findings }: Pick<Inspection, "findings">,
  kinds: readonly FindingKind[],
): ReadonlyMap<string, Pick<QuarantineEntry, "kind" | "detail">> {
  const wanted = new Set(kinds);
  const offenders = new Map<string, Pick<QuarantineEntry, "kind" | "detail">>();
  for (const { kind, detail, offenders: ids } of findings) {
    if (!wanted.has(kind)) continue;
    for (const id of ids) if (!offenders.has(id)) offenders.set(id, { kind, detail });
  }
  return offenders;
}

async function planMoves(
  root: string,
  { facts }: Pick<Inspection, "facts">,
  offenders: ReadonlyMap<string, Pick<QuarantineEntry, "kind" | "detail">>,
  signal: AbortSignal | undefined,
): Promise<{ entries: QuarantineEntry[]; left: { id: string; reason: string }[] }> {
  const hashes = new Map(facts.map(({ id, hash }) => [id, hash]));
  const entries: QuarantineEntry[] = [];
  const left: { id: string; reason: string }[] = [];
  for (const [id, { kind, detail }] of offenders) {
    throwIfCancelled(signal);
    const path = pathInside(root, id);
    if (path === undefined) {
      left.push({ id, reason: "a name that leads out of the folder" });
      continue;
    }
    const reason = await reasonToLeave(path);
    const sha256 = reason === undefined ? await hashOf(path, signal) : undefined;
    if (sha256 === undefined) left.push({ id, reason: reason ?? "an unreadable file" });
    else {
      // An empty hash stands for bytes that could not be had when they were inspected.
      const inspected = hashes.get(id) ?? "";
      if (inspected !== "" && inspected !== sha256) throw sourceChanged(path);
      entries.push({ from: id, to: `${picturesFolder}/${id}`, kind, detail, sha256 });
    }
  }
  return { entries, left };
}

async function reasonToLeave(path: string): Promise<string | undefined> {
  let found: Stats;
  try {
    found = await lstat(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") throw sourceChanged(path);
    return "no permission to look at it";
  }
  if (found.isSymbolicLink()) return "a symbolic link";
  return found.isFile() ? undefined : "no file";
}

/** Undefined where the system refuses to read the file. */
async function hashOf(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return await sha256File(path, signal);
  } catch (error) {
    if (isAppError(error, "FILE_READ_FAILED")) return undefined;
    throw isAppError(error, "FILE_NOT_FOUND") ? sourceChanged(path) : error;
  }
}

/** A new folder below `parent`; a name that is taken gets a number. */
async function makeFolder(parent: string, name: string): Promise<string> {
  await ensureFolder(parent);
  for (let attempt = 1; ; attempt++) {
    const folder = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw writeFailure(folder, error);
    }
  }
}

function requireOutside(root: string, parent: string): void {
  const way = relative(root, parent);
  if (way === ".." || way.startsWith(`..${sep}`) || resolve(way) === way) return;
  throw new AppError("FILE_WRITE_FAILED", {
    required: "a quarantine outside the pictures' folder",
    received: parent,
    hint: `choose a folder beside it: ${join(dirname(root), "quarantine")}`,
  });
}

/** The same error, with the command that undoes what was done before it. */
function withWayBack(error: unknown, folder: string): unknown {
  if (!(error instanceof AppError)) return error;
  const { code, required, received, where } = error;
  const hint = `${restoreCommand(folder)} puts back what was moved`;
  return new AppError(code, { required, ...(received && { received }), ...(where && { where }), hint, cause: error });
}

/**
 * The command line that undoes a quarantine; a path with blanks or other odd characters is quoted.
 */
export function restoreCommand(folder: string): string {
  return `pawprint data restore ${/^[\p{L}\p{N}_./\\:@+-]+$/u.test(folder) ? folder : JSON.stringify(folder)}`;
}
