import { describe, expect, it } from "vitest";
import { bar, createConsoleLogger, createStyle, table, wantsColour, wrap } from "./console.ts";

describe("colours", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
  ])("with %o on a terminal (%s): %s", (env, isTTY, wanted) => {
    expect(wantsColour(env, isTTY)).toBe(wanted);
  });

  it("surround the text, or leave it as it is", () => {
    expect(createStyle(true).red("no")).toBe("\u001b[31mno\u001b[39m");
    expect(createStyle(false).red("no")).toBe("no");
  });
});

describe("a bar", () => {
  it.each([
    [0, "░░░░"],
    [0.5, "██░░"],
    [0.53125, "██▏░"],
    [1, "████"],
    [7, "████"],
    [-1, "░░░░"],
    [Number.NaN, "░░░░"],
  ])("for %s is %s", (fraction, text) => {
    expect(bar(fraction, 4)).toBe(text);
  });
});

describe("prose", () => {
  it("breaks at blanks, lines after the first behind an indent that does not count", () => {
    expect(wrap("one two three", 7)).toBe("one two\nthree");
    expect(wrap("one two three", 5, 2)).toBe("one\n  two\n  three");
    expect(wrap("extraordinary", 5)).toBe("extraordinary");
    expect(wrap(`${createStyle(true).bold("one")} two`, 7)).not.toContain("\n");
  });
});

describe("a table", () => {
  it("aligns its columns, colours or not, and leaves no space at line ends", () => {
    const { bold } = createStyle(true);
    const text = table(
      ["class", { title: "pictures", align: "right" }],
      [
        [bold("cat"), "12"],
        ["Kätzchen", "5"],
      ],
    );
    expect(text).toBe(`class     pictures\n${bold("cat")}             12\nKätzchen         5`);
  });

  it("is its titles where there are no rows", () => {
    expect(table(["run", "state"], [])).toBe("run  state");
  });
});

describe("the console logger", () => {
  it("writes a line for people, facts after the message", () => {
    const lines: string[] = [];
    const logger = createConsoleLogger((line) => lines.push(line), createStyle(false));
    logger.info("packed", { pictures: 12, folder: "data/raw", note: "two words", left: undefined });
    logger.warn("left out", { error: new Error("broken JPEG") });
    logger.debug("shape", { shape: [1, 2], bytes: 3n });
    logger.error("no");
    expect(lines).toEqual([
      'packed  pictures=12  folder=data/raw  note="two words"\n',
      "warning: left out  error=broken JPEG\n",
      "debug: shape  shape=[1,2]  bytes=3\n",
      "error: no\n",
    ]);
  });
});
