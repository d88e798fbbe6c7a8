/** The commit that a folder stands at, for the lineage of what is made there. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * 40 hexadecimal digits; undefined outside a Git repository, before its first commit, or without
 * Git.
 */
export async function readGitCommit(folder: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", ["rev-parse", "--verify", "HEAD"], {
      cwd: folder,
      timeout: 5000,
    });
    const commit = stdout.trim();
    return /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
  } catch {
    return undefined; // a folder without history is a usual place to train in
  }
}
