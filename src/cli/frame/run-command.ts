/**
 * From a command line to an exit code: finds the command, loads it alone, runs it, prints its
 * report or its error.
 */
import { interruptionOf, isAbortError } from "../../base/cancel.ts";
import { AppError, exitCodeOf, toAppError, withHint } from "../../base/errors.ts";
import { atLevel, createLogger, type Logger } from "../../base/logger.ts";
import { hintForName } from "../../base/nearest.ts";
import { silentProgress } from "../../base/progress.ts";
import { readVersion } from "../../base/version.ts";
import { visibleJson, visibleText } from "../../base/visible-text.ts";
import { commands } from "../commands/table.ts";
import type { Command, CommandContext, CommandEntry, CommandReport } from "./command.ts";
import { terminalLine, terminalText } from "./console.ts";
import { helpForCommand, helpForCommands } from "./help.ts";
import { asCalled, hintText, inFlags } from "./hint-text.ts";
import { parseArguments } from "./parse-arguments.ts";

/** What the frame needs; `json` and `quiet` are read from the command line. Its writers take text as it is. */
export type HostContext = Omit<CommandContext, "json" | "quiet" | "dataOut"> & {
  /**
   * Called before a command that leaves files: standard output is then no condition of its work.
   * `isNeeded` where the caller asked for `--json`.
   */
  readonly workOn?: (isNeeded: boolean) => void;
};

type RunContext = HostContext & CommandContext;

/**
 * Runs `argv` (without the names of node and the script) and gives the process exit code: 0, 1 for
 * a failure, 2 for a wrong command line, 130 and 143 after an interruption. Never throws.
 */
export async function runCommand(
  argv: readonly string[],
  host: HostContext,
  entries: readonly CommandEntry[] = commands,
): Promise<number> {
  // Read first, so that even a usage error is printed in the requested form.
  const line = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const json = line.some((word) => /^--json(=(true|1))?$/.test(word));
  const isVerbose = line.some((word) => word === "--verbose" || word === "-v");
  const context = { ...host, ...writersOf(host), json, quiet: false };
  try {
    return await dispatch(argv, context, entries);
  } catch (error) {
    return printError(error, context, isVerbose);
  }
}

/** Every command writes through these, so that none can pass a name on that steers the terminal. */
function writersOf({ stdout, stderr, isTTY }: HostContext): Pick<CommandContext, "stdout" | "stderr" | "dataOut"> {
  const safe = (write: (text: string) => void) => (text: string) => write(terminalText(text));
  return { stdout: safe(stdout), stderr: safe(stderr), dataOut: isTTY ? safe(stdout) : stdout };
}

async function dispatch(argv: readonly string[], context: RunContext, entries: readonly CommandEntry[]) {
  const start = argv.findIndex((word) => !word.startsWith("-"));
  const [leadingFlags, words] = start === -1 ? [argv, []] : [argv.slice(0, start), argv.slice(start)];
  const [first, ...others] = words;
  if (first === "help") return dispatch([...others, "--help"], context, entries);
  if (first === undefined) return runBare(argv, context, entries);

  const found = findCommand(words, entries);
  if (found !== undefined) {
    return runEntry(found.entry, [...leadingFlags, ...found.rest], context);
  }
  const isGroup = entries.some(({ name }) => name.startsWith(`${first} `));
  const wantsHelp = argv.includes("--help") || argv.includes("-h");
  if (!isGroup || !wantsHelp) throw unknownCommand(words, entries, isGroup);
  context.stdout(helpForCommands(entries, context.style, first));
  return 0;
}

/** `pawprint` with flags alone: its version, or the list of commands. */
async function runBare(argv: readonly string[], context: RunContext, entries: readonly CommandEntry[]) {
  const version = { name: "version", short: "V", type: "boolean", doc: "show the version" } as const;
  const { options } = parseArguments({ name: "", arguments: [], options: [version] }, argv);
  if (options.version) {
    const current = await readVersion();
    context.stdout(context.json ? `${JSON.stringify({ version: current })}\n` : `${current}\n`);
  } else {
    context.stdout(helpForCommands(entries, context.style));
  }
  return 0;
}

async function runEntry(entry: CommandEntry, argv: readonly string[], context: RunContext): Promise<0 | 1> {
  const { command } = await entry.load();
  const { args, options } = parseArguments({ ...command, name: entry.name }, argv);
  if (options.help) {
    context.stdout(helpForCommand(entry, command, context.style));
    return 0;
  }
  if (command.leavesFiles) context.workOn?.(context.json);
  try {
    const report = await command.run(
      {
        ...context,
        quiet: options.quiet === true,
        logger: atLevel(loggerOf(command, context), options.verbose ? "debug" : options.quiet ? "warn" : "info"),
        progress: options.quiet ? silentProgress : context.progress,
      },
      // The proof of both casts: parseArguments made the values from this command's own data.
      args as Parameters<Command["run"]>[1],
      options as Parameters<Command["run"]>[2],
    );
    if (report === undefined) return 0;
    if (context.json) context.stdout(`${visibleJson(report.result)}\n`);
    else printReport({ ...report, text: inFlags(report.text, command) }, options.quiet === true, context);
    return report.exitCode ?? 0;
  } catch (error) {
    const known = context.signal.aborted && isAbortError(error) ? interruptionOf(context.signal) : toAppError(error);
    const hint = hintText(known, { head: entry, command, argv });
    throw hint === known.hint ? known : withHint(known, hint);
  }
}

/** Says the library's warnings in this command's flags. */
function loggerOf(command: Command, { logger }: CommandContext): Logger {
  return createLogger((level, message, fields) => logger[level](inFlags(message, command), fields));
}

function printReport(report: CommandReport, isQuiet: boolean, { stdout, dataOut, env }: CommandContext): void {
  const { text, next, quietText } = report;
  const shown = isQuiet ? (quietText ?? text) : asCalled(next === undefined ? text : `${text}\nNext: ${next}`, env);
  if (shown === "") return;
  // A script takes the path that --quiet prints.
  const write = isQuiet && quietText !== undefined ? dataOut : stdout;
  write(shown.endsWith("\n") ? shown : `${shown}\n`);
}

/**
 * The entry whose name takes the most words of the line's beginning: "data import" before "data".
 */
function findCommand(line: readonly string[], entries: readonly CommandEntry[]) {
  const matches = entries
    .map((entry) => ({ entry, words: entry.name.split(" ") }))
    .filter(({ words }) => words.every((word, index) => line[index] === word))
    .sort((a, b) => b.words.length - a.words.length);
  const best = matches[0];
  return best === undefined ? undefined : { entry: best.entry, rest: line.slice(best.words.length) };
}

function unknownCommand(words: readonly string[], entries: readonly CommandEntry[], isGroup: boolean): AppError {
  const [group = "", second] = words;
  const typed = isGroup && second !== undefined && !second.startsWith("-") ? second : undefined;
  if (!isGroup) {
    const names = [...new Set(entries.map(({ name }) => name.split(" ")[0]!))];
    return usageError("a known command", group, hintForName(group, names, "pawprint "), "pawprint");
  }
  const members = entries.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name.split(" ")[1]!);
  const hint = typed === undefined ? undefined : hintForName(typed, members, `pawprint ${group} `);
  const required = `one of ${members.join(", ")} after pawprint ${group}`;
  return usageError(required, typed ?? "nothing", hint, `pawprint ${group}`);
}

function usageError(required: string, received: string, hint: string | undefined, command: string): AppError {
  return new AppError("CLI_USAGE", { required, received, hint: hint ?? `see ${command} --help` });
}

type ErrorContext = Pick<CommandContext, "stdout" | "stderr" | "env" | "json">;

/** With `--json` one JSON line on standard output, else message and hint on standard error. */
export function printError(error: unknown, context: ErrorContext, isVerbose = false): number {
  const known = toAppError(error);
  const hint = known.hint === undefined ? undefined : asCalled(known.hint, context.env);
  if (context.json) {
    context.stdout(`${visibleJson({ error: { ...known.toJSON(), ...(hint !== undefined && { hint }) } })}\n`);
    return exitCodeOf(known);
  }
  context.stderr(`${terminalLine(`error ${known.code}: ${known.message}`)}\n`);
  if (hint !== undefined) context.stderr(`${terminalLine(`hint: ${hint}`)}\n`);
  if (isVerbose && error instanceof Error) context.stderr(`${describeCauses(error)}\n`);
  return exitCodeOf(known);
}

function describeCauses(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  const frames = error.stack?.startsWith(head) ? error.stack.slice(head.length) : "";
  const stack = `${visibleText(head)}${frames}`;
  return error.cause instanceof Error ? `${stack}\ncaused by ${describeCauses(error.cause)}` : stack;
}
