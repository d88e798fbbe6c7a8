/** Runs the program git: without pagers, hooks, and programs of the repository's configuration. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { AppError } from "./errors.ts";

export interface GitOptions {
  /** Given to its standard input. */
  readonly input?: string | Uint8Array;
  /** Of its output. Default 256 MiB. */
  readonly mostBytes?: number;
  /** Exit codes that are answers. Default 0 alone. */
  readonly allowed?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface GitAnswer {
  readonly code: number;
  readonly output: Buffer;
}

/**
 * What `git` answers in a folder. Names from outside stand behind `--end-of-options` or `--`.
 * Errors: GIT_MISSING where the program is not installed, GIT_FAILED.
 */
export function runGit(folder: string, words: readonly string[], options: GitOptions = {}): Promise<GitAnswer> {
  const { input, mostBytes = 256 << 20, allowed = [0], signal } = options;
  const settings = {
    cwd: folder,
    encoding: "buffer" as const,
    maxBuffer: mostBytes,
    env: gitEnvironment(),
    ...(signal && { signal }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile("git", [...quietly, ...words], settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number" && allowed.includes(code)) return resolve({ code, output: stdout });
      reject(
        String(error?.code) === "ENOENT"
          ? notStarted(folder)
          : gitFailed(folder, words, String(stderr) || String(error)),
      );
    });
    // It may end before it has read all.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** As text without the line end. */
export async function gitText(folder: string, words: readonly string[], options?: GitOptions): Promise<string> {
  return (await runGit(folder, words, options)).output.toString("utf8").replace(/\n$/, "");
}

/** Output in chunks, for what may be large. Errors: as `runGit`. */
export async function* streamGit(
  folder: string,
  words: readonly string[],
  { input, signal }: Pick<GitOptions, "input" | "signal"> = {},
): AsyncGenerator<Buffer> {
  const child = spawn("git", [...quietly, ...words], { cwd: folder, env: gitEnvironment(), ...(signal && { signal }) });
  const failure = new Promise<Error | undefined>((resolve) => {
    child.on("error", (error) =>
      resolve(String((error as NodeJS.ErrnoException).code) === "ENOENT" ? notStarted(folder) : error),
    );
    child.on("close", (code) => resolve(code === 0 ? undefined : gitFailed(folder, words, stderr)));
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr = (stderr + String(chunk)).slice(0, 4096);
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer; // no encoding was asked for
    const error = await failure;
    if (error) throw error;
  } finally {
    child.kill();
  }
}

const quietly = [
  "--no-pager",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.quotePath=false",
];

function gitEnvironment(): NodeJS.ProcessEnv {
  // Patterns mean what they mean here, whatever the caller's shell makes of them.
  const { GIT_LITERAL_PATHSPECS: _1, GIT_NOGLOB_PATHSPECS: _2, GIT_ICASE_PATHSPECS: _3, ...env } = process.env;
  return { ...env, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
}

/** A folder that is gone looks like a missing program. */
function notStarted(where: string): AppError {
  if (!existsSync(where)) {
    return new AppError("GIT_FAILED", { required: "a folder to run git in", received: "none", where });
  }
  return new AppError("GIT_MISSING", {
    required: "the program git",
    received: "none on this machine",
    where,
    hint: "install Git",
  });
}

function gitFailed(where: string, words: readonly string[], stderr: string): AppError {
  if (/not a git repository/.test(stderr)) {
    return new AppError("GIT_MISSING", {
      required: "a folder inside a Git repository",
      received: "a folder outside",
      where,
      hint: "run 'git init' there first, or set core.no_scm = true in .dvc/config to do without a history",
    });
  }
  return new AppError("GIT_FAILED", {
    required: `an answer of git ${words.find((word) => !word.startsWith("-")) ?? ""}`,
    received: stderr.trim().split("\n")[0]?.slice(0, 200) || "none",
    where,
  });
}
