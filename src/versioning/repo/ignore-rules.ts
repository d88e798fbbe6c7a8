/** `.dvcignore`: files that are no data, by the patterns of `.gitignore`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { type IgnorePattern, parseIgnorePattern } from "./ignore-pattern.ts";

/** The rules of all `.dvcignore` files that were read so far, and DVC's own (`.git`, `.hg`, `.dvc`). */
export interface IgnoreRules {
  /**
   * Reads the `.dvcignore` of a folder, if it has one; to be called for every folder from the root
   * down, before its names are asked for. Paths are from the repository's root, `` for the root.
   */
  enter(folder: string): void;
  isIgnored(path: string, isFolder: boolean): boolean;
}

type ReadText = (path: string) => string | undefined;

/**
 * Synchronous, since walks of many small folders are. `read` gives the text of a file by its path
 * from the root; from the work tree unless given. Errors: FILE_READ_FAILED.
 */
export function openIgnoreRules(root: string, read: ReadText = (path) => readIfThere(join(root, path))): IgnoreRules {
  return new Rules(read);
}

/** Reads the rules of every folder above a path. */
export function enterAbove(rules: IgnoreRules, path: string): void {
  for (const folder of foldersAbove(path)) rules.enter(folder);
}

/** Whether a path, or a folder above it, is ignored. */
export function isIgnoredPath(rules: IgnoreRules, path: string, isFolder: boolean): boolean {
  for (const folder of foldersAbove(path)) {
    if (folder !== "" && rules.isIgnored(folder, true)) return true;
    rules.enter(folder);
  }
  return rules.isIgnored(path, isFolder);
}

/** From the root down. */
function foldersAbove(path: string): readonly string[] {
  return ["", ...[...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))];
}

class Rules implements IgnoreRules {
  readonly #read: ReadText;
  readonly #entered = new Set<string>();
  readonly #patterns: IgnorePattern[] = [];
  /** Of folders, since the last pattern was added. */
  readonly #folders = new Map<string, boolean>();

  constructor(read: ReadText) {
    this.#read = read;
  }

  enter(folder: string): void {
    if (this.#entered.has(folder)) return;
    this.#entered.add(folder);
    const file = folder === "" ? ".dvcignore" : `${folder}/.dvcignore`;
    if (this.#patterns.length > 0 && this.isIgnored(file, false)) return;
    const patterns = (this.#read(file) ?? "").split("\n").flatMap((line) => parseIgnorePattern(line, folder) ?? []);
    if (patterns.length === 0) return;
    this.#patterns.push(...patterns);
    this.#folders.clear();
  }

  isIgnored(path: string, isFolder: boolean): boolean {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name === ".git" || (isFolder && (name === ".hg" || name === ".dvc"))) return true;
    return this.#patterns.length > 0 && this.#isMatched(path, isFolder);
  }

  /** What is in an ignored folder is ignored, whatever else is said of it. */
  #isMatched(path: string, isFolder: boolean): boolean {
    const known = isFolder ? this.#folders.get(path) : undefined;
    if (known !== undefined) return known;
    const slash = path.lastIndexOf("/");
    const is = (slash !== -1 && this.#isMatched(path.slice(0, slash), true)) || this.#decide(path.split("/"), isFolder);
    if (isFolder) this.#folders.set(path, is);
    return is;
  }

  /** The last pattern that matches. */
  #decide(parts: readonly string[], isFolder: boolean): boolean {
    for (let at = this.#patterns.length - 1; at >= 0; at--) {
      const pattern = this.#patterns[at]!;
      if (pattern.isForFolders && !isFolder) continue;
      if (pattern.matches(parts, isFolder)) return !pattern.isNegated;
    }
    return false;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw readFailure(path, error);
  }
}
