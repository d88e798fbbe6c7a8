/** Runs the real dvc, and git, in a repository of a test. */
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPeerPython } from "./peer-python.ts";

/** Git with a name and without the configuration of this machine. */
export const gitEnvironment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Anna",
  GIT_AUTHOR_EMAIL: "anna@example.org",
  GIT_COMMITTER_NAME: "Anna",
  GIT_COMMITTER_EMAIL: "anna@example.org",
} as const;

export function git(folder: string, ...words: readonly string[]): string {
  const env = { ...process.env, ...gitEnvironment };
  return execFileSync("git", words, { cwd: folder, encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs `dvc` in a folder; gives what it prints. Fails with what it wrote to stderr. */
export type DvcPeer = (folder: string, ...words: readonly string[]) => Promise<string>;

/**
 * Undefined, with the reason on stderr, where there is no Python with dvc. Its state and
 * configuration lie below `home`.
 */
export async function findDvc(
  home: string,
  packages: readonly string[] = ["dvc", "dvc-s3"],
): Promise<DvcPeer | undefined> {
  const notes: string[] = [];
  const python = await findPeerPython(packages, (text) => notes.push(text));
  if (python === undefined) {
    process.stderr.write(`skipped: ${notes.join("; ")}\n`);
    return undefined;
  }
  const env = () => ({
    ...process.env,
    ...gitEnvironment,
    DVC_NO_ANALYTICS: "1",
    DVC_SITE_CACHE_DIR: join(home, "dvc-site"),
    DVC_GLOBAL_CONFIG_DIR: join(home, "dvc-global"),
    DVC_SYSTEM_CONFIG_DIR: join(home, "dvc-system"),
  });
  return async (folder, ...words) => {
    try {
      const options = { cwd: folder, env: env(), maxBuffer: 1 << 26 };
      return (await promisify(execFile)(python, ["-m", "dvc", ...words], options)).stdout;
    } catch (error) {
      const { stderr } = error as { readonly stderr?: string }; // execFile's
      throw new Error(`dvc ${words.join(" ")}: ${stderr}`, { cause: error });
    }
  };
}
