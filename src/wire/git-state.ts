/** What a folder stands at in Git, for the lineage and the record of what is made there. */
import { streamGit } from "../base/run-git.ts";

export interface GitState {
  /** 40 or 64 hexadecimal digits. */
  readonly commit: string;
  /** Undefined where no branch is checked out. */
  readonly branch?: string;
  /** Of the remote that the branch follows, else of `origin`; without user, password and query. */
  readonly remote?: string;
  /** Whether files differ from the commit, or are not in it. */
  readonly isDirty: boolean;
  /** The differences as `git diff HEAD` writes them; where it was longer, its first lines. */
  readonly diff: string;
  readonly isDiffCut: boolean;
  /** Files that Git does not know and does not ignore, the first thousands. */
  readonly untracked: readonly string[];
}

/** Files of passwords and tokens by convention: `.env`, `.env.local`. */
const withoutSecretFiles = ["--", ":(top)", ":(top,exclude,glob)**/.env", ":(top,exclude,glob)**/.env.*"];
const diffBytes = 1 << 20;
const listBytes = 1 << 18;

/**
 * The commit alone. Undefined outside a Git repository, before its first commit, or without Git: a
 * folder without history is a usual place to train in.
 */
export async function readGitCommit(folder: string): Promise<string | undefined> {
  const commit = (await runGit(folder, ["rev-parse", "--verify", "HEAD"], listBytes)).text.trim();
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
}

/** Undefined where there is no commit. */
export async function readGitState(folder: string): Promise<GitState | undefined> {
  const git = (...words: readonly string[]) => runGit(folder, words, listBytes);
  const commit = await readGitCommit(folder);
  if (commit === undefined) return undefined;
  const [branch, status, diff] = await Promise.all([
    git("symbolic-ref", "--short", "--quiet", "HEAD"),
    git("status", "--porcelain=v1", "-z", "--untracked-files=normal"),
    runGit(folder, ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", ...withoutSecretFiles], diffBytes),
  ]);
  const name = branch.text.trim();
  const remote = await remoteOf(git, name);
  return {
    commit,
    ...(name !== "" && { branch: name }),
    ...(remote !== undefined && { remote }),
    isDirty: status.text !== "",
    diff: withoutPasswords(diff.isCut ? wholeLines(diff.text) : diff.text),
    isDiffCut: diff.isCut,
    untracked: status.text.split("\0").flatMap((row) => (row.startsWith("?? ") ? [row.slice(3)] : [])),
  };
}

type Git = (...words: readonly string[]) => Promise<{ readonly text: string }>;

async function remoteOf(git: Git, branch: string): Promise<string | undefined> {
  const followed = branch === "" ? "" : (await git("config", "--get", `branch.${branch}.remote`)).text.trim();
  const url = (await git("config", "--get", `remote.${followed || "origin"}.url`)).text.trim();
  return url === "" ? undefined : withoutSecrets(url);
}

/**
 * The address of a remote without user, password and query, where tokens are kept; `git@` of an
 * address for SSH stays.
 */
export function withoutSecrets(remote: string): string {
  const [whole, scheme, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(remote) ?? [];
  if (whole === undefined || scheme === undefined || rest === undefined) {
    // `git@host:path`, or a path; before the @ of the first stands a user, never a password.
    return remote.replace(/^[^/@]*:[^/]*@/, "");
  }
  const slash = rest.search(/[/?#]/);
  const authority = slash === -1 ? rest : rest.slice(0, slash);
  const path = slash === -1 ? "" : rest.slice(slash).replace(/[?#].*$/s, "");
  const at = authority.lastIndexOf("@");
  const [user, host] = [authority.slice(0, Math.max(0, at)), authority.slice(at + 1)];
  // The slash of a password that was not escaped ends the authority too soon.
  if (path.includes("@") && !/^[\w.-]+(:\d+)?$/.test(host)) return `${scheme}${path.slice(path.lastIndexOf("@") + 1)}`;
  const isName = /^(git\+)?ssh:/i.test(scheme) && /^[\w.-]+$/.test(user);
  return `${scheme}${isName ? `${user}@` : ""}${host}${path}`;
}

/** User and password in the addresses of a text. */
function withoutPasswords(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'`]{1,200}@/gi, "$1***@");
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

interface GitAnswer {
  /** Empty after a failure. */
  readonly text: string;
  readonly isCut: boolean;
}

async function runGit(folder: string, words: readonly string[], mostBytes: number): Promise<GitAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of streamGit(folder, words, { signal: AbortSignal.timeout(5000) })) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > mostBytes) break;
    }
  } catch {
    return { text: "", isCut: false };
  }
  return { text: Buffer.concat(chunks).subarray(0, mostBytes).toString("utf8"), isCut: size > mostBytes };
}
