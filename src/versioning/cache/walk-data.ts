/** The files of data, with what tells whether they changed. */
import * as fs from "node:fs";
import { AppError } from "../../base/errors.ts";
import { readFailure } from "../../base/files/file-failure.ts";
import type { IgnoreRules } from "../repo/ignore-rules.ts";
import { isSettled, stampOf } from "./file-stamp.ts";

export interface FoundFile {
  /** From the folder, with forward slashes. */
  readonly path: string;
  readonly stamp: string;
  /** False where the file may still change without another stamp. */
  readonly isSettled: boolean;
  readonly sizeBytes: number;
}

export interface WalkPlace {
  readonly folder: string;
  /** Of the folder, from the repository's root. */
  readonly fromRoot: string;
  readonly rules: IgnoreRules;
}

/**
 * Every file below a folder, in the file system's order. Links to files count as the files that they
 * lead to; links to folders are not entered, as DVC does not enter them.
 * Errors: DATA_NAME_INVALID, FILE_NOT_FOUND for a link that leads nowhere, FILE_READ_FAILED.
 */
export function walkData({ folder, fromRoot, rules }: WalkPlace): readonly FoundFile[] {
  const found: FoundFile[] = [];
  const nowMs = Date.now();
  const walk = (at: string, prefix: string): void => {
    const entries = readFolder(at);
    for (const entry of entries) {
      const { name } = entry;
      const isFolder = entry.isDirectory();
      const path = prefix + name;
      if (name.includes("\ufffd")) requireUtf8(at, name);
      if (rules.isIgnored(fromRoot === "" ? path : `${fromRoot}/${path}`, isFolder)) continue;
      if (name === ".dvcignore") throw nestedIgnore(`${at}/${name}`);
      if (isFolder) walk(`${at}/${name}`, `${path}/`);
      else {
        const stats = statOf(`${at}/${name}`, entry.isSymbolicLink());
        if (stats.isDirectory()) continue;
        found.push({ path, ...foundFrom(stats, nowMs) });
      }
    }
  };
  walk(folder, "");
  return found;
}

/** What is kept of a file's stats. */
export function foundFrom(stats: fs.BigIntStats, nowMs: number): Omit<FoundFile, "path"> {
  return { stamp: stampOf(stats), isSettled: isSettled(stats, nowMs), sizeBytes: Number(stats.size) };
}

function readFolder(path: string): fs.Dirent[] {
  try {
    return fs.readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw readFailure(path, error);
  }
}

function statOf(path: string, follow: boolean): fs.BigIntStats {
  try {
    return follow ? fs.statSync(path, { bigint: true }) : fs.lstatSync(path, { bigint: true });
  } catch (error) {
    throw readFailure(path, error);
  }
}

/** Node shows a byte that is no UTF-8 as U+FFFD, which a name may also have. */
function requireUtf8(folder: string, name: string): void {
  const names = fs.readdirSync(folder, { encoding: "buffer" });
  if (names.some((bytes) => bytes.equals(Buffer.from(name)))) return;
  const bytes = names.find((one) => one.toString("utf8") === name);
  const shown = bytes?.toString("latin1").replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`) ?? name;
  throw new AppError("DATA_NAME_INVALID", {
    required: "a name in UTF-8",
    received: `the bytes '${shown}'`,
    where: folder,
    hint: "rename the file",
  });
}

function nestedIgnore(where: string): AppError {
  return new AppError("DATA_NAME_INVALID", {
    required: "data without a .dvcignore of its own",
    received: "one inside the folder",
    where,
    hint: "move its patterns to the .dvcignore at the repository's top",
  });
}
