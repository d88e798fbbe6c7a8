/**
 * Hints as the command line says them: the library names its options, a command has flags, and an
 * interrupted command can be run again.
 */
import type { AppError } from "../../base/errors.ts";
import { shellWord } from "../../base/shell-word.ts";
import { type Command, type CommandHead, flagOf } from "./command.ts";

/** The command that failed, and the words after its name. */
export interface FailedCommand {
  readonly head: CommandHead;
  readonly command: Command;
  readonly argv: readonly string[];
}

/**
 * The error's hint, with this command's flags in place of options in backticks. That of an
 * interruption shows the whole line that resumes, or says what running it again does; an error
 * without a hint points to its entry in the guide.
 */
export function hintText({ code, hint: given }: AppError, { head, command, argv }: FailedCommand): string {
  const isInterruption = code === "INTERRUPTED";
  // A command that takes another way than its library function says itself what running it again does.
  const hint = isInterruption && given !== undefined && !namesOption(given, command) ? undefined : given;
  if (hint === undefined) {
    if (code === "INTERNAL") return "run it again with --verbose to see where, and report it";
    if (!isInterruption) return `see pawprint errors ${code}`;
    return `run the same command again${command.again === undefined ? "" : `: ${command.again}`}`;
  }
  return inFlags(hint, command, (flag) => (isInterruption ? lineWith(flag, head.name, argv) : flag));
}

/**
 * A text of the library with a command's flags in place of options in backticks: `--force` for
 * `force`, `--no-tracking` for `tracking: false`.
 */
export function inFlags(text: string, { options }: Command, shown = (flag: string): string => flag): string {
  return text.replace(/`([a-z][A-Za-z0-9]*)(: false)?`/g, (_whole, name: string, isOff: string = "") => {
    if (!options.some((option) => option.name === name)) return `${name}${isOff}`;
    return shown(isOff === "" ? flagOf(name) : flagOf(name).replace("--", "--no-"));
  });
}

function namesOption(text: string, { options }: Command): boolean {
  return options.some(({ name }) => text.includes(`\`${name}\``));
}

/** The line as it was given, and the flag. */
function lineWith(flag: string, name: string, argv: readonly string[]): string {
  const added = argv.includes(flag) ? [] : [flag];
  return ["pawprint", name, ...[...argv, ...added].map((word) => shellWord(word))].join(" ");
}

/**
 * A text whose commands begin with the name by which the program was called: `npx pawprint` where
 * npm started it, since it is then on no search path.
 */
export function asCalled(text: string, env: Readonly<Record<string, string | undefined>>): string {
  const isByNpm = env.npm_execpath !== undefined || env.npm_config_user_agent !== undefined;
  return isByNpm ? text.replace(/(?<!npx |[\w/.-])pawprint(?= (?:[a-z]|--))/g, "npx pawprint") : text;
}
