/** The log of a quarantine: what was moved from where, why, and enough to put it back. */
import { readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { AppError, isAppError } from "../../../base/errors.ts";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { readFailure } from "../../../base/files/file-failure.ts";
import { type FindingKind, isFindingKind } from "../findings/findings.ts";
import type { MoveFileSystem } from "./move-file.ts";

/** One picture that was moved. */
export interface QuarantineEntry {
  /** Its path in the source, with forward slashes: the picture's id. */
  readonly from: string;
  /** Its path in the quarantine, with forward slashes. */
  readonly to: string;
  /** The first of the findings for which it was moved, in the order of `findingTable`. */
  readonly kind: FindingKind;
  readonly detail: string;
  /** Of the file's bytes. */
  readonly sha256: string;
}

export interface QuarantineLog {
  /** Absolute path of the folder that the pictures come from. */
  readonly source: string;
  readonly entries: readonly QuarantineEntry[];
}

const logName = "log.jsonl";
const logFormat = "pawprint-quarantine-1";

/**
 * Writes the log, whole or not at all, before anything is moved. The source is written relative to
 * the quarantine, so that both may be moved together. Errors: FILE_EXISTS, FILE_WRITE_FAILED.
 */
export async function writeQuarantineLog(
  folder: string,
  { source, entries }: QuarantineLog,
  { createdAt, files }: { readonly createdAt: string; readonly files?: MoveFileSystem },
): Promise<void> {
  const head = { format: logFormat, source: relative(folder, source).split(sep).join("/"), createdAt };
  const lines = [head, ...entries].map((line) => `${JSON.stringify(line)}\n`);
  await writeFileAtomic(join(folder, logName), lines.join(""), { ...(files && { files }) });
}

/**
 * Reads a quarantine's log and makes sure that none of its paths leads out of the quarantine or the
 * source.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; MANIFEST_INVALID with the line's number.
 */
export async function readQuarantineLog(folder: string): Promise<QuarantineLog> {
  const path = join(folder, logName);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    const failure = readFailure(path, error);
    throw isAppError(failure, "FILE_NOT_FOUND") ? noQuarantine(folder) : failure;
  });
  const [head, ...lines] = text.replace(/\n$/, "").split("\n");
  const { format, source } = parseLine(head ?? "", path, 1);
  if (format !== logFormat || typeof source !== "string") throw invalidLine(path, 1, `a head of format ${logFormat}`);
  const root = resolve(folder, source);
  const entries = lines.map((line, index) => {
    const entry = parseLine(line, path, index + 2);
    if (!isEntry(entry)) throw invalidLine(path, index + 2, "from, to, kind, detail and sha256");
    if (pathInside(root, entry.from) === undefined || pathInside(folder, entry.to) === undefined) {
      throw invalidLine(path, index + 2, "paths that stay inside their folders");
    }
    return entry;
  });
  return { source: root, entries };
}

/** The path of `id` below `root`; undefined where it would lead out of it. */
export function pathInside(root: string, id: string): string | undefined {
  const path = resolve(root, ...id.split("/"));
  const way = relative(root, path);
  const leadsOut = way === "" || way === ".." || way.startsWith(`..${sep}`) || resolve(way) === way;
  return leadsOut || id.startsWith("/") ? undefined : path;
}

function parseLine(line: string, path: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Falls through: a line that is no JSON and one that is no object are the same fault.
  }
  throw invalidLine(path, number, "a JSON object");
}

function isEntry(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & QuarantineEntry {
  const { from, to, kind, detail, sha256 } = value;
  const areTexts = [from, to, detail].every((field) => typeof field === "string");
  return areTexts && isFindingKind(kind) && typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
}

function invalidLine(path: string, number: number, required: string): AppError {
  return new AppError("MANIFEST_INVALID", {
    required: `a quarantine's log with ${required} in each line`,
    received: "something else",
    where: `${path}, line ${number}`,
  });
}

function noQuarantine(folder: string): AppError {
  return new AppError("FILE_NOT_FOUND", {
    required: `a quarantine: a folder with a ${logName}`,
    received: "none",
    where: folder,
    hint: "name the folder that 'pawprint data check FOLDER --fix' printed",
  });
}
