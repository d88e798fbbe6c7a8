#!/usr/bin/env node
/**
 * The process: joins the frame to the real terminal, clock and signals. Imports little, so that
 * `--help` is quick.
 */
import { createConsoleLogger, createStyle, wantsColour } from "./frame/console.ts";
import { createProgressLines } from "./frame/progress.ts";
import { runCommand } from "./frame/run-command.ts";
import { abortOnSignals } from "./frame/signals.ts";

const { stdout, stderr, env } = process;

// A reader that has seen enough (`pawprint errors | head -1`) closes the pipe: that is no failure.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

const now = (): number => performance.now();
const progress = stderr.isTTY
  ? (await import("./frame/progress-bars.ts")).createProgressBars({ stream: stderr, now })
  : createProgressLines({ write: (line) => stderr.write(line), now });

process.exitCode = await runCommand(process.argv.slice(2), {
  stdout: (text) => stdout.write(text),
  stderr: progress.write,
  logger: createConsoleLogger(progress.write, createStyle(wantsColour(env, stderr.isTTY === true))),
  progress,
  signal: abortOnSignals(process, progress.write),
  cwd: process.cwd(),
  env,
  isTTY: stdout.isTTY === true,
  // A pipe has no width; a terminal of more than 120 is too wide to read.
  width: Math.min(120, stdout.columns ?? 100),
  style: createStyle(wantsColour(env, stdout.isTTY === true)),
  now: Date.now,
});
progress.close();
