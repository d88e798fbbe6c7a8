/** The temporary files of this process, so that one that ends at once can take them along. */
import { rmSync } from "node:fs";

const paths = new Set<string>();

export function noteUnfinished(path: string): void {
  paths.add(path);
}

/** The file has its name, or is gone. */
export function forgetUnfinished(path: string): void {
  paths.delete(path);
}

/** Deletes them, without waiting; what is written to one afterwards is lost. */
export function removeUnfinished(): void {
  for (const path of paths) {
    try {
      rmSync(path, { force: true });
    } catch {
      // It lies there as after a power cut, under a name that tells what it is.
    }
  }
  paths.clear();
}
