/** Folders for tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** An empty folder that is removed after the file's last test; called at the file's top. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pawprint-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
