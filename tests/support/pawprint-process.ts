/** The command line in a process of its own, run from its sources. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** What follows the name of the program; for a shell or a tracer that starts it. */
export const pawprintCommand = [process.execPath, "--import", loader, main] as const;

export interface PawprintProcess {
  readonly child: ChildProcess;
  /** What it wrote so far, where that is a pipe. */
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Starts a program; it is killed where the test ends before it. */
export function startProcess(command: readonly string[], options: SpawnOptions = {}): PawprintProcess {
  const [file, ...args] = command;
  const child = spawn(file!, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr?.on("data", (chunk) => {
    err += String(chunk);
  });
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return { child, out: () => out, err: () => err, ended };
}

export function startPawprint(line: readonly string[], options: SpawnOptions = {}): PawprintProcess {
  return startProcess([...pawprintCommand, ...line], options);
}
