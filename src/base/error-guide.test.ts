import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { textsIn } from "../../tests/support/command-lines.ts";
import { errorGuide } from "./error-guide.ts";
import { errorTable } from "./errors.ts";

const names = await readdir("src", { recursive: true });
const files = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
/** What the texts of the code can be; those of a few letters beside what is inserted say nothing. */
const phrases = files
  .filter((name) => name !== join("base", "error-guide.ts"))
  .flatMap((name) => textsIn(join("src", name)))
  .filter(({ text }) => text.replaceAll("VALUE", "").trim().length >= 4)
  .map(({ text }) => new RegExp(`^${text.split("VALUE").map(escaped).join(".+")}$`, "s"));

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

describe("the guide to errors", () => {
  it("has a row for each code, in the order of their table", () => {
    expect(Object.keys(errorGuide)).toEqual(Object.keys(errorTable));
  });

  it.each(Object.entries(errorGuide))("says of %s what it comes from and what to do", (_code, { causes, remedy }) => {
    expect(causes).toMatch(/^[A-Z].{10,}\.$/s);
    expect(remedy).toMatch(/^[A-Z].{15,}$/s);
    // A command ends the text, so that it can be copied; any other text ends as a sentence.
    expect(remedy).toMatch(/(\.|: (pawprint|curl) .*[^.])$/);
  });

  it.each(Object.entries(errorGuide))("shows for %s a message that the code can give", (_code, { example }) => {
    const [, required] = /^Expected (.*?)(; got .*?)?( \([^()]*\))?$/s.exec(example) ?? [];
    const whole = /^Expected (.*?)(; got .*)?$/s.exec(example)?.[1] ?? "";
    const isGiven = phrases.some((phrase) => phrase.test(required ?? "") || phrase.test(whole));
    expect(isGiven, required).toBe(true);
  });
});
