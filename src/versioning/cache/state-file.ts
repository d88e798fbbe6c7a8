/**
 * What is known of the files of one tracked path: their hashes, while their stamps stay the same.
 * A file below `.dvc/tmp/pawprint`, which can be deleted at any time; one that is damaged, or of
 * another version, is as good as none.
 *
 * Its stamps and paths stand in the order of the walk, hashes apart from them: where nothing changed,
 * what a walk finds is the same text, and no hash needs to be looked at.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { sha256 } from "../../base/hash.ts";
import type { Repository } from "../repo/repository.ts";
import type { FoundFile } from "./walk-data.ts";

const version = 1;

export interface KnownState {
  /** Of a folder its `.dir`, of a file its own; for the walk that gave `listing`. */
  readonly md5: string;
  /** `listingOf` the walk. */
  readonly listing: string;
  /** 32 digits for each line of the listing. */
  readonly hashes: string;
}

/** In place of the stamp of a file that is not settled: equal to none. */
const unsettled = "-";

/** The walk as text: a line for each file. */
export function listingOf(found: readonly FoundFile[]): string {
  const lines = new Array<string>(found.length);
  for (const [at, file] of found.entries()) lines[at] = `${file.isSettled ? file.stamp : unsettled} ${file.path}`;
  // A name may hold a line break, and never a NUL.
  return lines.join("\0");
}

function fileOf({ tempFolder }: Repository, path: string): string {
  return join(tempFolder, "pawprint", "state", sha256(path).slice(0, 32));
}

export function readState(repository: Repository, path: string): KnownState | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(repository, path), "utf8");
  } catch {
    return undefined;
  }
  const end = text.indexOf("\n");
  const last = text.lastIndexOf("\n");
  const [found, md5 = "", check = "", own = ""] = text.slice(0, end).split(" ");
  const [listing, hashes] = [text.slice(end + 1, last), text.slice(last + 1)];
  if (found !== `v${version}` || own !== sha256(path).slice(0, 32)) return undefined;
  return check === checkOf(listing, hashes) ? { md5, listing, hashes } : undefined;
}

/** Cheap: lengths tell a torn file, and the file is written whole. */
function checkOf(listing: string, hashes: string): string {
  return `${listing.length}-${hashes.length}`;
}

/** Never fails: the next command hashes again. */
export async function writeState(repository: Repository, path: string, state: KnownState): Promise<void> {
  const { md5, listing, hashes } = state;
  const file = fileOf(repository, path);
  const head = `v${version} ${md5} ${checkOf(listing, hashes)} ${sha256(path).slice(0, 32)}`;
  try {
    await ensureFolder(join(file, ".."));
    await writeFileAtomic(file, `${head}\n${listing}\n${hashes}`, { force: true });
  } catch {
    // Known next time, perhaps.
  }
}

/** Hashes by line of the listing: by stamp and path. Unsettled files are left out. */
export function knownHashes({ listing, hashes }: KnownState): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  if (listing === "") return known;
  for (const [at, line] of listing.split("\0").entries()) {
    if (!line.startsWith("- ")) known.set(line, hashes.slice(32 * at, 32 * at + 32));
  }
  return known;
}
