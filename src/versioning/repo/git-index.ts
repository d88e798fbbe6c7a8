/** What Git has in its index. */
import { runGit } from "../../base/run-git.ts";
import type { Repository } from "./repository.ts";

/** Files that Git has at or below paths, which are from the repository's root; none without Git. */
export async function filesInGit({ root, hasGit }: Repository, paths: readonly string[]): Promise<readonly string[]> {
  if (!hasGit || paths.length === 0) return [];
  const words = ["ls-files", "-z", "--", ...paths.map((path) => `:(literal)${path}`)];
  const { output } = await runGit(root, words);
  return output.toString("utf8").split("\0").slice(0, -1);
}
