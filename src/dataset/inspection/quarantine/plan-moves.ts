/** Which pictures a quarantine moves, and which ones it leaves. */
import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { throwIfCancelled } from "../../../base/cancel.ts";
import { isAppError } from "../../../base/errors.ts";
import { systemCodeOf } from "../../../base/files/file-failure.ts";
import { sha256File } from "../../../base/hash.ts";
import { sourceChanged } from "../../sources/stamped-file.ts";
import type { FindingKind, Inspection } from "../findings/findings.ts";
import { pathInside, type QuarantineEntry } from "./quarantine-log.ts";

const picturesFolder = "pictures";

/** Each offender once, with the first finding that names it; findings come in the table's order. */
export function offendersOf(
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

export async function planMoves(
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
