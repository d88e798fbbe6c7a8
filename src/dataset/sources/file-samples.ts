/** Samples that are files below a folder. */
import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import type { LabelledPath } from "./folder-layout.ts";
import type { FileSample } from "./source.ts";
import { readStampedPicture, stampOfPath } from "./stamped-file.ts";

/**
 * As many as keep the system busy; one await for each file takes six times as long for 22,500 of
 * them.
 */
const batchSize = 256;

/**
 * Gives the files in their order; stamps are taken a batch ahead. `read` is called for a file's
 * bytes.
 */
export async function* fileSamples(
  folder: string,
  labelled: readonly LabelledPath[],
  read: (path: string, stamp: string) => Promise<Uint8Array> = readStampedPicture,
): AsyncGenerator<FileSample> {
  for (let start = 0; start < labelled.length; start += batchSize) {
    const batch = labelled.slice(start, start + batchSize);
    const stamps = await Promise.all(batch.map(({ path }) => stampOfPath(join(folder, path))));
    for (const [at, { path, ...known }] of batch.entries()) {
      const { stamp, sizeBytes } = stamps[at]!;
      yield { id: path, ...known, stamp, sizeBytes, bytes: () => read(join(folder, path), stamp) };
    }
  }
}

/**
 * True where a path, after all symbolic links, lies below `root`, which has none. Throws the
 * system's error where it leads nowhere.
 */
export async function leadsBelow(root: string, path: string): Promise<boolean> {
  const way = relative(root, await realpath(path));
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
