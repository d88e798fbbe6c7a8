import { describe, expect, it } from "vitest";
import {
  bar,
  createConsoleLogger,
  createStyle,
  table,
  terminalLine,
  terminalText,
  wantsColour,
  wrap,
} from "./console.ts";

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

describe("text for a terminal", () => {
  const { bold, red } = createStyle(true);

  it("keeps the codes of the styles and shows all others", () => {
    expect(terminalLine(`${bold(red("no"))} \u001b[8m\u001b[2J\u009b1m\u0007`)).toBe(
      `${bold(red("no"))} \\u{1b}[8m\\u{1b}[2J\\u{9b}1m\\u{7}`,
    );
    expect(terminalLine(bold("\u202egpj"))).toBe(bold("\\u{202e}gpj"));
  });

  it("is one line, or the lines that it was", () => {
    expect(terminalLine("a\r\nb")).toBe("a\\r\\nb");
    expect(terminalText("a\r\nb\rc\u2028d\n")).toBe("a\nb\\rc\\u{2028}d\n");
  });

  it("stays in its cell", () => {
    expect(table(["CLASS", "N"], [[bold("a\nNext: b"), "1"]])).toBe(`CLASS       N\n${bold("a\\nNext: b")}  1`);
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
    logger.error("no\nerror: \u001b[2J");
    expect(lines).toEqual([
      'packed  pictures=12  folder=data/raw  note="two words"\n',
      "warning: left out  error=broken JPEG\n",
      "debug: shape  shape=[1,2]  bytes=3\n",
      "error: no\\nerror: \\u{1b}[2J\n",
    ]);
  });
});
