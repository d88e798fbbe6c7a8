/**
 * What a command is: data about its arguments and options, and one function that calls the library.
 */
import type { Logger } from "../../base/logger.ts";
import type { Progress } from "../../base/progress.ts";
import type { Style } from "./console.ts";

/** The outside world as a command sees it; a test passes its own and needs no child process. */
export interface CommandContext {
  /**
   * Writes text to standard output, for streamed results; others are returned as a report. What
   * could steer a terminal becomes an escape.
   */
  readonly stdout: (text: string) => void;
  /** For programs (CSV, paths for scripts): as it is, unless standard output is a terminal. */
  readonly dataOut: (text: string) => void;
  /** Writes text for people to standard error, with escapes as `stdout`. */
  readonly stderr: (text: string) => void;
  readonly logger: Logger;
  readonly progress: Progress;
  /** Aborted by Ctrl-C or SIGTERM: the command then ends cleanly, or throws INTERRUPTED. */
  readonly signal: AbortSignal;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True where standard output is a terminal. */
  readonly isTTY: boolean;
  /** How many characters a line of prose may have. */
  readonly width: number;
  /** Colours for text on standard output; plain where that takes none. */
  readonly style: Style;
  /** True where the caller asked for `--json`. */
  readonly json: boolean;
  /** True where the caller asked for `--quiet`: results and errors alone. */
  readonly quiet: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a command returns to be printed: `result` as one JSON line under `--json`, else `text`. */
export interface CommandReport {
  readonly result: object;
  readonly text: string;
  /** What to run next, printed below the text as "Next: ..."; not with `--quiet`. */
  readonly next?: string;
  /** In place of the text with `--quiet`: where the result is a file, its path alone. */
  readonly quietText?: string;
  /**
   * 1 where the command worked and its finding is a failure ("3 pictures are broken"). Default 0.
   */
  readonly exitCode?: 0 | 1;
}

export interface ArgumentSpec {
  /** In camelCase; shown in capitals. */
  readonly name: string;
  readonly doc: string;
  readonly optional?: true;
  /** Takes all that is left, as a list; only the last argument can. */
  readonly variadic?: true;
}

interface OptionFacts {
  /** In camelCase with its unit (`timeoutMs`); the flag is `--timeout-ms`. */
  readonly name: string;
  readonly doc: string;
  /** One letter: `f` for `-f`. */
  readonly short?: string;
}

interface ValueFacts {
  /** What stands for the value in the help text. Default: the type. */
  readonly placeholder?: string;
  readonly required?: true;
  /** Can be given several times; the value is a list, empty by default. */
  readonly repeatable?: true;
}

export interface BooleanOption extends OptionFacts {
  readonly type: "boolean";
  /** Default false. `--no-name` turns a flag off that is on by default. */
  readonly default?: boolean;
  /**
   * Undefined where it is not given, so that the environment or the file can decide; `--no-name`
   * is false.
   */
  readonly hasNoDefault?: true;
}

export interface StringOption extends OptionFacts, ValueFacts {
  readonly type: "string";
  readonly default?: string;
}

export interface NumberOption extends OptionFacts, ValueFacts {
  readonly type: "number" | "integer";
  readonly default?: number;
  /** The range, both ends included. */
  readonly min?: number;
  readonly max?: number;
}

export interface ChoiceOption extends OptionFacts, ValueFacts {
  readonly type: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

export type OptionSpec = BooleanOption | StringOption | NumberOption | ChoiceOption;

type SingleValue<O extends OptionSpec> = O extends BooleanOption
  ? boolean
  : O extends NumberOption
    ? number
    : O extends ChoiceOption
      ? O["choices"][number]
      : string;

// One condition for each property: TypeScript takes `{ required?: true; default?: number }` to fit
// the union of `{ required: true }` and `{ default: number }`, though it fits neither.
type OptionValue<O extends OptionSpec> = O extends { readonly repeatable: true }
  ? readonly SingleValue<O>[]
  : O extends { readonly hasNoDefault: true }
    ? boolean | undefined
    : O extends BooleanOption
      ? boolean
      : O extends { readonly required: true }
        ? SingleValue<O>
        : O extends { readonly default: string | number }
          ? SingleValue<O>
          : SingleValue<O> | undefined;

type ArgumentValue<A extends ArgumentSpec> = A extends { readonly variadic: true }
  ? readonly string[]
  : A extends { readonly optional: true }
    ? string | undefined
    : string;

/** The options of a command by name, each of the type that its data says. */
export type OptionValues<O extends readonly OptionSpec[]> = {
  readonly [Spec in O[number] as Spec["name"]]: OptionValue<Spec>;
};

export type ArgumentValues<A extends readonly ArgumentSpec[]> = {
  readonly [Spec in A[number] as Spec["name"]]: ArgumentValue<Spec>;
};

export interface Example {
  /** The whole line as one types it. */
  readonly line: string;
  readonly doc: string;
}

export interface Command<
  A extends readonly ArgumentSpec[] = readonly ArgumentSpec[],
  O extends readonly OptionSpec[] = readonly OptionSpec[],
> {
  /** What the summary in the table of commands leaves out; shown by `--help`. */
  readonly description?: string;
  readonly arguments: A;
  readonly options: O;
  readonly examples: readonly Example[];
  /**
   * Leaves more behind than what it prints: files, a service, pictures put back. Such a command
   * works on where nobody reads its output, and its exit code is that of its work.
   */
  readonly leavesFiles?: true;
  /**
   * What the same line does after an interruption, as it follows "run the same command again: ".
   */
  readonly again?: string;
  run(
    context: CommandContext,
    args: ArgumentValues<A>,
    options: OptionValues<O>,
  ): Promise<CommandReport | undefined> | CommandReport | undefined;
}

/** Types a command's `args` and `options` from its data. */
export function defineCommand<const A extends readonly ArgumentSpec[], const O extends readonly OptionSpec[]>(
  command: Command<A, O>,
): Command<A, O> {
  return command;
}

/** What the table of commands says of a command: enough for the list in the help text. */
export interface CommandHead {
  /** As it is typed: "train", "data import". */
  readonly name: string;
  /** Half a sentence without a full stop. */
  readonly summary: string;
}

/** One row of the table of commands. */
export interface CommandEntry extends CommandHead {
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** `--batch-size` for `batchSize`. */
export function flagOf(name: string): string {
  return `--${name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()}`;
}

/** `SOURCE_FOLDER` for `sourceFolder`. */
export function placeholderOf(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}
