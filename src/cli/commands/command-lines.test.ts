import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLinesIn, type FoundLine, textsIn } from "../../../tests/support/command-lines.ts";
import { AppError } from "../../base/errors.ts";
import type { OptionSpec } from "../frame/command.ts";
import { globalOptions, parseArguments } from "../frame/parse-arguments.ts";
import { commands } from "./table.ts";

const texts = ["src", "web"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) => textsIn(join(folder, name))),
);

/** The lines in the code of a page: those that a reader copies. */
function linesOfPage(path: string): readonly FoundLine[] {
  const page = readFileSync(path, "utf8");
  const blocks = [...page.matchAll(/```(?:sh|bash|console|shell|text)?\n(.*?)```/gs)].map(([, code]) => code!);
  const inline = [...page.replace(/```.*?```/gs, "").matchAll(/`(pawprint [^`]+)`/g)].map(([, code]) => code!);
  const joined = [...blocks.map((code) => code.replace(/\\\n\s*/g, " ")), ...inline];
  return joined.flatMap((text) => commandLinesIn({ place: path, text }));
}

const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync("docs").map((name) => join("docs", name))];
const lines = [
  // A text that is a command's name and no more says where an error came from.
  ...texts.filter(({ text }) => !commands.some(({ name }) => text === `pawprint ${name}`)).flatMap(commandLinesIn),
  ...pages.filter((path) => path.endsWith(".md")).flatMap(linesOfPage),
];

/** Why the table of commands does not take a line; undefined where it does. */
async function faultOf(line: string): Promise<string | undefined> {
  const words = line.split(/\s+/);
  if (words[0] === "help") return undefined;
  const entry = commands
    .filter(({ name }) => name.split(" ").every((word, at) => words[at] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (entry === undefined) {
    const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `));
    return isGroup && words[1] === "--help" ? undefined : "no such command";
  }
  const { command } = await entry.load();
  const faults: string[] = [];
  // What stands in capitals is for the reader to fill in; it may stand for a number.
  for (const filled of [line, line.replace(/\b[A-Z][A-Z_]*\b/g, "1")]) {
    try {
      const argv = filled.split(/\s+/).slice(entry.name.split(" ").length);
      parseArguments({ name: entry.name, ...command }, argv);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      faults.push(error.message);
    }
  }
  return faults[0];
}

describe("command lines in texts and on pages", () => {
  it("are found", () => {
    expect(new Set(lines.map(({ place }) => place.split(":")[0])).size).toBeGreaterThan(15);
  });

  it("are commands with flags and arguments that exist", async () => {
    const faults: string[] = [];
    for (const { place, line } of lines) {
      const fault = await faultOf(line);
      if (fault !== undefined) faults.push(`${place} "pawprint ${line}": ${fault}`);
    }
    expect(faults).toEqual([]);
  });
});

describe("hints of the library", () => {
  const below = texts.filter(({ place, isOfError }) => isOfError && !/^src.cli/.test(place));

  it("name no flag, outside of a command line", () => {
    const found = below.filter(({ text }) => {
      const prose = text.replace(/(?<![\w/.@-])pawprint [^;,)]*|curl [^;]*/g, "");
      return /(^|[\s(])--[a-z]{2}/.test(prose) && /\s/.test(prose.trim());
    });
    expect(found).toEqual([]);
  });

  it("put the names of options in backticks", async () => {
    const known = new Set<string>(globalOptions.map(({ name }) => name));
    for (const { load } of commands) {
      const options: readonly OptionSpec[] = (await load()).command.options;
      for (const { name } of options) known.add(name);
    }
    const named = below.flatMap(({ place, text }) =>
      [...text.matchAll(/`([a-z][A-Za-z0-9]*)`/g)].map(([, name]) => ({ place, name: name! })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ name }) => !known.has(name) && name !== "VALUE")).toEqual([]);
  });
});
