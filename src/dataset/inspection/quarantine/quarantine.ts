/** Moves faulty pictures out of a folder; `restoreQuarantine` puts them back. */
import { mkdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { AppError, withHint } from "../../../base/errors.ts";
import { ensureFolder } from "../../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../../base/files/file-failure.ts";
import { type Progress, silentProgress } from "../../../base/progress.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { type FindingKind, findingKinds, findingTable, type Inspection } from "../findings/findings.ts";
import { type MoveFileSystem, moveFile } from "./move-file.ts";
import { offendersOf, planMoves } from "./plan-moves.ts";
import { type QuarantineEntry, writeQuarantineLog } from "./quarantine-log.ts";

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

/** What was moved, and where to. */
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
export const fixedKinds: readonly FindingKind[] = findingKinds.filter((kind) => findingTable[kind].isFixed);

/**
 * Moves the offenders of an inspection's findings to `<to>/<time>/pictures/...`, each once, under
 * their relative paths. A log of all moves is written before the first of them, so that
 * `restoreQuarantine` can undo any part of the work. Nothing is ever overwritten; symbolic links
 * and unreadable files are left.
 *
 * Errors: DATASET_SOURCE_UNKNOWN for a source that is no folder; SOURCE_CHANGED, before anything is
 * moved, where a picture differs from the inspected one; FILE_EXISTS, FILE_WRITE_FAILED,
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
    hint: `make it one with: pawprint data import ${shellPath(location)} --to data/raw`,
  });
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

/** The same error, with the command that undoes the moves so far. */
function withWayBack(error: unknown, folder: string): unknown {
  if (!(error instanceof AppError)) return error;
  return withHint(error, `put back what was moved with: ${restoreCommand(folder)}`);
}

/** The command line that undoes a quarantine. */
export function restoreCommand(folder: string): string {
  return `pawprint data restore ${shellPath(folder)}`;
}
