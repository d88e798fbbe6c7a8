/** `.dir` objects: the list of files of a folder. */
import { createHash } from "node:crypto";
import { parseBoundedJson } from "../../base/bounded-json.ts";
import { AppError } from "../../base/errors.ts";
import type { TreeFile } from "../data-hash.ts";
import { byCodePoints, pythonJsonString } from "./python-json.ts";

export interface EncodedTree {
  readonly bytes: Uint8Array;
  /** Ends in `.dir`. */
  readonly md5: string;
}

/** Bytes as DVC writes them; files in any order. */
export function encodeTree(files: readonly TreeFile[]): EncodedTree {
  const rows = files
    .toSorted((a, b) => byCodePoints(a.path, b.path))
    .map(({ md5, path }) => `{"md5": "${md5}", "relpath": ${pythonJsonString(path)}}`);
  const bytes = Buffer.from(`[${rows.join(", ")}]`);
  return { bytes, md5: `${createHash("md5").update(bytes).digest("hex")}.dir` };
}

/** What DVC never takes into a folder's list; written out, it could make Git or DVC run programs. */
const foreignFolders = new Set([".git", ".hg", ".dvc"]);

/**
 * Every path is relative, without `..`, leads into no folder of Git or DVC, and names one file.
 * Errors: DATA_FILE_INVALID.
 */
export function decodeTree(bytes: Uint8Array, where: string): readonly TreeFile[] {
  const rows = readRows(bytes, where);
  const paths = new Set<string>();
  const files = rows.map((row) => {
    const { md5, relpath } = row as { readonly md5?: unknown; readonly relpath?: unknown }; // checked below
    if (typeof md5 !== "string" || !/^[0-9a-f]{32}$/.test(md5) || typeof relpath !== "string") {
      throw invalid("rows with an MD5 and a path", "another row", where);
    }
    const fault = pathFaultOf(relpath);
    if (fault !== undefined)
      throw invalid("paths inside the folder", `'${relpath.slice(0, 120)}' with ${fault}`, where);
    if (paths.has(relpath)) throw invalid("one row for each path", `two of '${relpath.slice(0, 120)}'`, where);
    paths.add(relpath);
    return { md5, path: relpath };
  });
  for (const { path } of files) {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      if (paths.has(path.slice(0, at)))
        throw invalid("files apart from folders", `'${path.slice(0, at)}' as both`, where);
    }
  }
  return files;
}

/** Each file has five: its object, two keys, two values. */
const mostNames = 20_000_000;

function readRows(bytes: Uint8Array, where: string): readonly unknown[] {
  let rows: unknown;
  try {
    rows = parseBoundedJson(bytes, { names: mostNames });
  } catch {
    throw invalid("a list of files as JSON", "another text", where);
  }
  if (Array.isArray(rows) && rows.every((row) => typeof row === "object" && row !== null)) return rows;
  throw invalid("a list of files as JSON", "something else", where);
}

function pathFaultOf(path: string): string | undefined {
  if (path === "") return "no characters";
  if (path.includes("\0")) return "a NUL character";
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..")) return "an empty name, '.' or '..'";
  if (names.some((name) => foreignFolders.has(name.toLowerCase()))) return "a folder that is Git's or DVC's own";
  if (/\p{Surrogate}/u.test(path)) return "characters that are no text";
  return undefined;
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("DATA_FILE_INVALID", { required, received, where });
}
