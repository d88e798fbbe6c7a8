/**
 * A context that keeps what a command writes, so that commands are run and tested without a process
 * of their own.
 */
import { createLogger, type LogLevel } from "../../src/base/logger.ts";
import { silentProgress } from "../../src/base/progress.ts";
import { createStyle } from "../../src/cli/frame/console.ts";
import type { HostContext } from "../../src/cli/frame/run-command.ts";

export interface CapturedContext {
  readonly context: HostContext;
  /** All that was written to standard output so far. */
  readonly out: () => string;
  readonly err: () => string;
  readonly logged: readonly { readonly level: LogLevel; readonly message: string }[];
}

/**
 * No colours, no progress, the clock at 0, an empty environment and a signal that never fires,
 * unless overridden.
 */
export function captureContext(overrides: Partial<HostContext> = {}): CapturedContext {
  let out = "";
  let err = "";
  const logged: { level: LogLevel; message: string }[] = [];
  const context: HostContext = {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    logger: createLogger((level, message) => logged.push({ level, message })),
    progress: silentProgress,
    signal: new AbortController().signal,
    cwd: process.cwd(),
    env: {},
    isTTY: false,
    width: 100,
    style: createStyle(false),
    now: () => 0,
    ...overrides,
  };
  return { context, out: () => out, err: () => err, logged };
}
