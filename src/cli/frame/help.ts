/** The help texts, made from the data of the commands. */
import {
  type ArgumentSpec,
  type Command,
  type CommandEntry,
  type CommandHead,
  flagOf,
  type OptionSpec,
  placeholderOf,
} from "./command.ts";
import { alignRows, type Style } from "./console.ts";
import { describeNumber, globalOptions } from "./parse-arguments.ts";

/** What `pawprint --help` shows, or, for `group` "data", what `pawprint data --help` shows. */
export function helpForCommands(entries: readonly CommandEntry[], style: Style, group?: string): string {
  const shown = group === undefined ? entries : entries.filter(({ name }) => name.startsWith(`${group} `));
  const prefix = group === undefined ? "pawprint" : `pawprint ${group}`;
  return `${[
    `${style.bold("Usage:")} ${prefix} COMMAND [ARGUMENTS] [FLAGS]`,
    section(
      "Commands",
      shown.map(({ name, summary }) => [style.cyan(name), summary]),
      style,
    ),
    section(
      "Flags of every command",
      globalOptions.map((spec) => optionRow(spec, style)),
      style,
    ),
    `pawprint COMMAND --help describes one command; pawprint --version prints the version.`,
  ].join("\n\n")}\n`;
}

/** What `pawprint COMMAND --help` shows. */
export function helpForCommand({ name, summary }: CommandHead, command: Command, style: Style): string {
  const { description, options, examples } = command;
  const usage = ["pawprint", name, ...command.arguments.map(argumentUsage), "[FLAGS]"].join(" ");
  const parts = [`${sentence(summary)}`, `${style.bold("Usage:")} ${usage}`];
  if (description !== undefined) parts.push(description.trim());
  if (command.arguments.length > 0) {
    const rows = command.arguments.map((spec) => [style.cyan(placeholderOf(spec.name)), spec.doc]);
    parts.push(section("Arguments", rows, style));
  }
  const flags: readonly OptionSpec[] = [...options, ...globalOptions];
  parts.push(
    section(
      "Flags",
      flags.map((spec) => optionRow(spec, style)),
      style,
    ),
  );
  if (examples.length > 0) {
    const lines = examples.map(({ line, doc }) => `  ${style.dim(`# ${doc}`)}\n  ${line}`);
    parts.push(`${style.bold("Examples:")}\n${lines.join("\n")}`);
  }
  return `${parts.join("\n\n")}\n`;
}

function section(title: string, rows: readonly (readonly string[])[], style: Style): string {
  const lines = alignRows(rows).split("\n");
  return `${style.bold(`${title}:`)}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

function argumentUsage({ name, optional, variadic }: ArgumentSpec): string {
  const shown = `${placeholderOf(name)}${variadic ? "..." : ""}`;
  return optional ? `[${shown}]` : shown;
}

function optionRow(spec: OptionSpec, style: Style): readonly [string, string] {
  const short = spec.short === undefined ? "    " : `-${spec.short}, `;
  const flag = flagOf(spec.name).replace("--", negation(spec));
  const value = spec.type === "boolean" ? "" : ` ${spec.placeholder ?? spec.type.toUpperCase()}`;
  const facts = factsOf(spec);
  return [style.cyan(`${short}${flag}`) + value, facts === "" ? spec.doc : `${spec.doc} ${style.dim(`(${facts})`)}`];
}

/** What stands before the name: the way that is worth a flag, or both. */
function negation(spec: OptionSpec): string {
  if (spec.type !== "boolean") return "--";
  if (spec.hasNoDefault) return "--[no-]";
  return spec.default === true ? "--no-" : "--";
}

function factsOf(spec: OptionSpec): string {
  if (spec.type === "boolean") return "";
  const facts: string[] = [];
  if (spec.type === "choice") facts.push(spec.choices.join(", "));
  if (spec.type === "integer" || spec.type === "number") {
    if (spec.min !== undefined || spec.max !== undefined) facts.push(describeNumber(spec));
  }
  if (spec.default !== undefined) facts.push(`default ${spec.default}`);
  if (spec.required) facts.push("required");
  if (spec.repeatable) facts.push("can be repeated");
  return facts.join("; ");
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
