/** A child process that answers each JSON line with one JSON line. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface LineProcess {
  /**
   * Sends one object and waits for the answer; rejects with the process's error output when it ends
   * instead.
   */
  ask(message: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export function startLineProcess(command: string, args: readonly string[]): LineProcess {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const errors: string[] = [];
  child.stderr!.on("data", (chunk) => errors.push(String(chunk)));
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      errors.push(error.message);
      resolve();
    });
    child.on("close", () => resolve());
  });
  child.stdin!.on("error", (error) => errors.push(error.message));
  return {
    async ask(message) {
      child.stdin!.write(`${JSON.stringify(message)}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`${command} ended: ${faultIn(errors.join(""))}`);
      return JSON.parse(line.value);
    },
    async close() {
      child.stdin!.end();
      await ended;
    },
  };
}

/** The line that names the error, where there is one; else the last lines. */
function faultIn(output: string): string {
  const lines = output.trim().split("\n");
  return lines.findLast((line) => /^\s*\w*(Error|Exception)\b/.test(line)) ?? lines.slice(-3).join(" ");
}
