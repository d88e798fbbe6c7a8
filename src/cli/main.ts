#!/usr/bin/env node
/**
 * The process: joins the frame to the real terminal, clock and signals. Imports little, so that
 * `--help` is quick.
 */
import { interruptionOf } from "../base/cancel.ts";
import { removeUnfinished } from "../base/files/unfinished-files.ts";
import { limitModuleFiles } from "../base/threads/module-files.ts";
import { createConsoleLogger, createStyle, wantsColour } from "./frame/console.ts";
import { createProgressLines } from "./frame/progress.ts";
import { printError, runCommand } from "./frame/run-command.ts";
import { abortOnSignals, endBySignal } from "./frame/signals.ts";
import { openStandardOutput, openStandardStream } from "./frame/standard-streams.ts";

const { stdout, stderr, env } = process;
const now = (): number => performance.now();

const complaints = openStandardStream(stderr, () => undefined);
const progress = stderr.isTTY
  ? (await import("./frame/progress-bars.ts")).createProgressBars({ stream: stderr, now })
  : createProgressLines({ write: complaints.write, now });
const output = openStandardOutput(stdout, {
  tell: (error) => printError(error, { stdout: () => undefined, stderr: progress.write, env, json: false }),
  exit: (code) => process.exit(code),
});
/** Nothing is open that could end the command, which Node.js answers by exit code 13 alone. */
const unsettled = (): void => {
  const error = new Error("the command waits for nothing that is open");
  process.exit(printError(error, { stdout: output.write, stderr: progress.write, env, json: false }));
};
process.once("beforeExit", unsettled);
const signal = abortOnSignals(process, { notify: progress.write, cleanUp: removeUnfinished });

limitModuleFiles();
const commandCode = await runCommand(process.argv.slice(2), {
  stdout: output.write,
  workOn: output.workOn,
  stderr: progress.write,
  logger: createConsoleLogger(progress.write, createStyle(wantsColour(env, stderr.isTTY === true))),
  progress,
  signal,
  cwd: process.cwd(),
  env,
  isTTY: stdout.isTTY === true,
  // A pipe has no width; a terminal of more than 120 is too wide to read.
  width: Math.min(120, stdout.columns ?? 100),
  style: createStyle(wantsColour(env, stdout.isTTY === true)),
  now: Date.now,
});
process.off("beforeExit", unsettled);
progress.close();
await Promise.all([output.taken(signal), complaints.taken(signal)]);
process.exitCode = output.exitCodeFor(commandCode);

/** For what the command left open: a thread, a connection, text that nobody takes. */
const lingerMs = 2000;
setTimeout(() => {
  if (signal.aborted) endBySignal(process, interruptionOf(signal).received === "SIGTERM" ? "SIGTERM" : "SIGINT");
  process.exit();
}, lingerMs).unref();
