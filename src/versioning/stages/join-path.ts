/** Paths inside a repository. */
import { posix } from "node:path";

/** From the repository's root, without `.` and `..`; an absolute path stays one. */
export function join(folder: string, path: string): string {
  const whole = posix.isAbsolute(path) ? path : `${folder === "" ? "." : folder}/${path}`;
  const joined = posix.normalize(whole).replace(/(?<=.)\/$/, "");
  return joined === "." ? "" : joined;
}

/** Whether a path that `join` gave is outside of the repository. */
export function leadsOut(path: string): boolean {
  return posix.isAbsolute(path) || path === ".." || path.startsWith("../");
}
