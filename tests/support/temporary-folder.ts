/** A folder of its own under the system's, for as long as a test or a file of tests runs. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished, TestRunner } from "vitest";

/**
 * Makes it. In a test or `beforeEach` it is removed after that test; at the top of a file or a
 * `describe`, after the last of its tests.
 */
export function temporaryFolder(name = "test"): string {
  const folder = mkdtempSync(join(tmpdir(), `pawprint-${name}-`));
  const remove = () => rm(folder, { recursive: true, force: true });
  if (TestRunner.getCurrentTest()) onTestFinished(remove);
  else afterAll(remove);
  return folder;
}
