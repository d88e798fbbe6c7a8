/** Addresses of data versions: `data/raw@v1.0`, `data/raw.dvc`, `data/raw.dvc@v1.0`. */
import { stat } from "node:fs/promises";

export interface VersionAddress {
  /** Of the data, or of its `.dvc` file. */
  readonly path: string;
  /** A Git revision; the work tree's version unless given. */
  readonly revision?: string;
}

/**
 * Undefined for a path of another kind. What exists under the very name is no version, but for a
 * `.dvc` file.
 */
export async function parseVersionAddress(location: string): Promise<VersionAddress | undefined> {
  const found = await stat(location).catch(() => undefined);
  if (found !== undefined) return found.isFile() && location.endsWith(".dvc") ? { path: location } : undefined;
  // The last @, but for `HEAD@{1}`.
  const [, path, revision] = /^(.+?)@([^@]+@\{[^@]*\}|[^@{][^@]*)$/s.exec(location) ?? [];
  return path === undefined || revision === undefined ? undefined : { path, revision };
}
