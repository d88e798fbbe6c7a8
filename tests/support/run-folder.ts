/**
 * Vitest's global set-up: all temporary folders of a run lie in one, which goes with it, whatever a
 * test forgets to remove.
 */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder = "";

export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), "pawprint-tests-"));
  // What `os.tmpdir` reads on every system; workers get the environment of this process.
  for (const name of ["TMPDIR", "TEMP", "TMP"]) process.env[name] = folder;
}

export async function teardown(): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
