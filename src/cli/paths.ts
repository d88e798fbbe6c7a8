/** Paths as people give them and as they are shown. */
import { basename, relative, resolve, sep } from "node:path";

/** The path to use for a path that was given on the command line: unchanged where the process stands in `cwd` itself. */
export function pathFrom(cwd: string, path: string): string {
  return resolve(path) === resolve(cwd, path) ? path : resolve(cwd, path);
}

/** The path as it is shown: relative to `cwd` where it lies below it. */
export function shownPath(cwd: string, path: string): string {
  const way = relative(cwd, resolve(cwd, path));
  return way === "" || way.startsWith(`..${sep}`) || way === ".." ? path : way;
}

/** A name made from a data source: `cats-dogs` for `../data/Cats-Dogs.zip/`. */
export function nameOf(source: string): string {
  const base = basename(resolve(source)).replace(/\.zip$/i, "");
  const name = base.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  return name.replace(/^-+|-+$/g, "") || "model";
}
