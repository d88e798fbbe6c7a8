import { describe, expect, it } from "vitest";
import { flagOf, type OptionSpec } from "../frame/command.ts";
import { globalOptions, parseArguments } from "../frame/parse-arguments.ts";
import { commands } from "./table.ts";

describe("the table of commands", () => {
  it("names each command once", () => {
    const names = commands.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(commands)("pawprint $name", ({ name, summary, load }) => {
  it("has no two flags of one name or letter, and none of a global one", async () => {
    const { command } = await load();
    const specs: readonly OptionSpec[] = [...command.options, ...globalOptions];
    const flags = specs.flatMap((spec) => [flagOf(spec.name), ...(spec.short === undefined ? [] : [`-${spec.short}`])]);
    expect(flags.filter((flag, index) => flags.indexOf(flag) !== index)).toEqual([]);
    for (const flag of flags) expect(flag).toMatch(/^(--[a-z][a-z0-9]*(-[a-z0-9]+)*|-[a-zA-Z])$/);
  });

  it("explains itself in half sentences without a full stop", async () => {
    const { command } = await load();
    const texts = [summary, ...[...command.arguments, ...command.options].map(({ doc }) => doc)];
    for (const text of texts) expect(text).toMatch(/^\S.*[^.\s]$/);
  });

  it("shows examples that its own parser takes", async () => {
    const { command } = await load();
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) {
      const words = line.split(/\s+/);
      const length = 1 + name.split(" ").length;
      expect(words.slice(0, length).join(" ")).toBe(`pawprint ${name}`);
      expect(() => parseArguments({ name, ...command }, words.slice(length))).not.toThrow();
    }
  });
});
