/**
 * Parses a command line into the arguments and options that a command declares; coded errors say
 * what is wrong.
 */
import { parseArgs } from "node:util";
import { parseBoolean, parseNumber } from "../../base/config/parse-text.ts";
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import {
  type ArgumentSpec,
  type Command,
  type CommandHead,
  flagOf,
  type OptionSpec,
  placeholderOf,
} from "./command.ts";

/** The options that every command takes. */
export const globalOptions = [
  { name: "json", type: "boolean", doc: "print the result as one JSON line, errors too" },
  { name: "verbose", short: "v", type: "boolean", doc: "print debug messages and stack traces" },
  { name: "quiet", short: "q", type: "boolean", doc: "print results, warnings and errors only; of a file its path" },
  { name: "help", short: "h", type: "boolean", doc: "show this text" },
] as const satisfies readonly OptionSpec[];

export interface ParsedLine {
  readonly args: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly options: Readonly<Record<string, unknown>>;
}

type Shape = Pick<CommandHead, "name"> & Pick<Command, "arguments" | "options">;
type Single = string | number | boolean;

/**
 * Parses what follows the command's name. `--` ends the options; `--flag=value`, `--flag value`,
 * `-f value`, `-abc` and `--no-flag` are understood. Throws CLI_USAGE; where `--help` stands in the
 * line, nothing else is checked.
 */
export function parseArguments(command: Shape, argv: readonly string[]): ParsedLine {
  const specs: readonly OptionSpec[] = [...command.options, ...globalOptions];
  const byFlag = new Map(specs.map((spec) => [flagOf(spec.name).slice(2), spec]));
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      [...byFlag].map(([flag, { type, short }]) => [
        flag,
        { type: type === "boolean" ? "boolean" : "string", ...(short === undefined ? {} : { short }) },
      ]),
    ),
  });

  const positionals: string[] = [];
  const given = new Map<OptionSpec, Single[]>();
  let faultToReport: AppError | undefined;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      positionals.push(token.value);
      continue;
    }
    const negated = token.name.startsWith("no-") ? byFlag.get(token.name.slice(3)) : undefined;
    const spec = byFlag.get(token.name) ?? (negated?.type === "boolean" ? negated : undefined);
    try {
      if (spec === undefined) throw unknownFlag(command, token.rawName, [...byFlag.keys()]);
      const value = spec === negated ? false : readValue(command, spec, token.rawName, token);
      given.set(spec, [...(given.get(spec) ?? []), value]);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      faultToReport ??= error;
    }
  }
  const help = specs.find(({ name }) => name === "help")!;
  if (given.get(help)?.at(-1) === true) return { args: {}, options: { help: true } };
  if (faultToReport !== undefined) throw faultToReport;
  return {
    args: assignArguments(command, positionals),
    options: Object.fromEntries(specs.map((spec) => [spec.name, settle(command, spec, given.get(spec) ?? [])])),
  };
}

function readValue(
  command: Shape,
  spec: OptionSpec,
  rawName: string,
  { value, inlineValue }: { value?: string | undefined; inlineValue?: boolean | undefined },
): Single {
  const refuse = (required: string, hint?: string): AppError =>
    usageError(command, `${required} for ${rawName}`, value === undefined ? "nothing" : JSON.stringify(value), hint);

  if (spec.type === "boolean") {
    const truth = value === undefined ? true : parseBoolean(value);
    if (truth === undefined) throw refuse("true, false or no value");
    return truth;
  }
  // "--out --force" forgot a value; "--offset -3" did not.
  const looksLikeFlag = value !== undefined && !inlineValue && /^-./.test(value) && parseNumber(value) === undefined;
  if (value === undefined || looksLikeFlag) {
    throw refuse("a value", looksLikeFlag ? `a value that begins with - is written ${rawName}=${value}` : undefined);
  }
  switch (spec.type) {
    case "string":
      if (value === "") throw refuse("a text with at least one character");
      return value;
    case "choice":
      if (!spec.choices.includes(value)) {
        throw refuse(`one of ${spec.choices.join(", ")}`, hintForName(value, spec.choices));
      }
      return value;
    case "number":
    case "integer": {
      const parsed = parseNumber(value);
      const { min = -Infinity, max = Infinity } = spec;
      const whole = spec.type === "number" || Number.isSafeInteger(parsed);
      if (parsed === undefined || !whole || parsed < min || parsed > max) throw refuse(describeNumber(spec));
      return parsed;
    }
  }
}

/** `a whole number from 1 to 100`, for messages and the help text. */
export function describeNumber({ type, min, max }: OptionSpec & { type: "number" | "integer" }): string {
  const kind = type === "integer" ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  return max === undefined ? kind : `${kind} of at most ${max}`;
}

/** The last value given, all of a repeatable option, or the default. */
function settle(command: Shape, spec: OptionSpec, values: readonly Single[]): unknown {
  if (spec.type === "boolean") return values.at(-1) ?? spec.default ?? (spec.hasNoDefault ? undefined : false);
  if (spec.repeatable) return values;
  if (values.length === 0 && spec.required) {
    throw usageError(command, `a value for ${flagOf(spec.name)}`, "nothing");
  }
  return values.at(-1) ?? spec.default;
}

function assignArguments(command: Shape, positionals: readonly string[]): ParsedLine["args"] {
  const args: Record<string, string | readonly string[] | undefined> = {};
  let taken = 0;
  for (const spec of command.arguments) {
    const { name, optional, variadic } = spec;
    const values = positionals.slice(taken, variadic ? undefined : taken + 1);
    taken += values.length;
    if (values.length === 0 && !optional) throw usageError(command, `${placeholderOf(name)} (${spec.doc})`, "nothing");
    args[name] = variadic ? values : values[0];
  }
  const extra = positionals[taken];
  if (extra !== undefined) {
    throw usageError(command, expectedArguments(command.arguments), JSON.stringify(extra));
  }
  return args;
}

function expectedArguments(specs: readonly ArgumentSpec[]): string {
  if (specs.length === 0) return "no argument";
  return `no more than ${specs.map(({ name }) => placeholderOf(name)).join(" ")}`;
}

function unknownFlag(command: Shape, rawName: string, flags: readonly string[]): AppError {
  const hint = rawName.startsWith("--") ? hintForName(rawName.slice(2), flags, "--") : undefined;
  return usageError(command, "a flag that this command takes", rawName, hint);
}

function usageError(command: Shape, required: string, received: string, hint?: string): AppError {
  const line = `pawprint ${command.name}`.trim();
  return new AppError("CLI_USAGE", { required, received, where: line, hint: hint ?? `see ${line} --help` });
}
