/** Runs the commands of a stage in the user's shell, as DVC does. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { interruptionOf, throwIfCancelled } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { shortenText, visibleText } from "../base/visible-text.ts";
import { endsWithin } from "../base/within.ts";

/** Takes what a command prints, both streams, as it comes; the next piece waits for it. */
export type OutputSink = (chunk: Uint8Array) => void | Promise<void>;

/**
 * Where commands print: on this process's own streams, both on its standard error, or into a sink.
 */
export type CommandOutput = "inherit" | "stderr" | OutputSink;

export interface CommandSettings {
  /** For messages. */
  readonly stage: string;
  /** Absolute. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal | undefined;
  /** Called before each command. */
  readonly onCommand?: (command: string) => void;
}

/** What ends a line for Python's `str.splitlines`, by which DVC takes a text apart. */
const lineEnds = "\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029";
const lineEnd = new RegExp(`\r\n|[${lineEnds}]`);

/** The commands of a stage: the items of a list, the lines of a text. */
export function commandsOf(cmd: string | readonly string[]): readonly string[] {
  if (typeof cmd !== "string") return cmd;
  const lines = cmd.split(lineEnd);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Shells read no files of settings, which could change what a command does. */
const shellOptions: Readonly<Record<string, readonly string[]>> = {
  zsh: ["--no-rcs"],
  bash: ["--noprofile", "--norc"],
  fish: ["--no-config"],
};

/**
 * One after the other; the first that fails ends them. Where the caller has no terminal, a command
 * is the leader of a process group of its own, so that an interruption reaches all that it started.
 * Errors: STAGE_FAILED; INTERRUPTED, after the command has ended.
 */
export async function runCommands(cmd: string | readonly string[], settings: CommandSettings): Promise<void> {
  for (const command of commandsOf(cmd)) {
    throwIfCancelled(settings.signal);
    settings.onCommand?.(command);
    await runCommand(command, settings);
  }
}

async function runCommand(command: string, settings: CommandSettings): Promise<void> {
  const { stage, signal, output } = settings;
  const child = startShell(command, settings);
  const stop = (): void => interrupt(child, signal);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const sink = typeof output === "function" ? output : undefined;
    const poured = Promise.all([pour(child.stdout, sink), pour(child.stderr, sink)]);
    poured.catch(() => signalTo(child, "SIGTERM")); // nobody takes what it prints
    const end = await endOf(child);
    // A process that a command leaves behind may hold the pipe open for ever.
    if (!(await endsWithin(poured, lingerMs))) for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    if (signal?.aborted) throw interruptionOf(signal);
    if (end.code !== 0) throw commandFailure(command, end, stage);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

const lingerMs = 2000;
const hasTerminal = (): boolean => process.stdin.isTTY === true;
const leadsGroup = (): boolean => !hasTerminal() && process.platform !== "win32";

function startShell(command: string, { folder, env, output }: CommandSettings): ChildProcess {
  const shell = env.SHELL || "/bin/sh";
  const options = shellOptions[basename(shell).toLowerCase()] ?? [];
  const streams = {
    inherit: ["inherit", "inherit", "inherit"],
    stderr: ["inherit", 2, 2],
    piped: ["ignore", "pipe", "pipe"],
  } satisfies Record<string, StdioOptions>;
  const stdio: StdioOptions = streams[typeof output === "string" ? output : "piped"];
  return process.platform === "win32"
    ? spawn(command, { cwd: folder, env, stdio, shell: true })
    : spawn(shell, [...options, "-c", command], { cwd: folder, env, stdio, detached: leadsGroup() });
}

interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Errors: STAGE_FAILED where it could not be started. */
function endOf(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(shellMissing(child.spawnfile, error)));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

async function pour(stream: Readable | null, sink: OutputSink | undefined): Promise<void> {
  if (stream === null || sink === undefined) return;
  for await (const chunk of stream) await sink(chunk as Uint8Array); // a stream without an encoding gives bytes
}

function interrupt(child: ChildProcess, signal: AbortSignal | undefined): void {
  const name = signal !== undefined && interruptionOf(signal).received === "SIGINT" ? "SIGINT" : "SIGTERM";
  // Ctrl-C in a terminal reaches the command by itself.
  if (!hasTerminal() || name !== "SIGINT") signalTo(child, name);
}

function signalTo(child: ChildProcess, name: NodeJS.Signals): void {
  if (!leadsGroup() || child.pid === undefined) {
    child.kill(name);
    return;
  }
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has ended.
  }
}

function commandFailure(command: string, { code, signal }: CommandEnd, stage: string): AppError {
  const shown = shortenText(visibleText(command), 80);
  return new AppError("STAGE_FAILED", {
    required: `the exit code 0 of '${shown}'`,
    received: code === null ? `an end by ${signal ?? "a signal"}` : `${code}`,
    where: `stage ${visibleText(stage)}`,
    hint: "read what the command printed above, then run again: pawprint repro",
  });
}

function shellMissing(shell: string, cause: unknown): AppError {
  return new AppError("STAGE_FAILED", {
    required: "a shell and a folder for the stage's commands",
    received: `the shell ${visibleText(shell)} that could not be started`,
    hint: "set the environment variable SHELL to a shell that is installed, and look at the stage's wdir",
    cause,
  });
}
