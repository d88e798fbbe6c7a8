import { describe, expect, it } from "vitest";
import { shortenMiddle, shortenText, visibleJson, visibleText } from "./visible-text.ts";

describe("names from outside", () => {
  it("show what cannot be seen", () => {
    expect(visibleText("a\nb\tc\u0000\u202egpj.exe\u2028")).toBe("a\\nb\\tc\\u{0}\\u{202e}gpj.exe\\u{2028}");
    expect(visibleText("half \ud83d")).toBe("half \\u{d83d}");
  });

  it("stay as they are in every script, emoji too", () => {
    for (const name of ["cat 1.jpg", "кошка", "قطة.jpg", "猫", "👩‍👩‍👧 🐕‍🦺"]) expect(visibleText(name)).toBe(name);
  });

  it("are cut between characters as readers see them", () => {
    expect(shortenText("abcdef", 6)).toBe("abcdef");
    expect(shortenText("abcdefg", 6)).toBe("abcde…");
    expect(shortenText("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2)).toBe("👩‍👩‍👧…");
    expect(shortenMiddle("train/cat/a-long-name.0001.jpg", 20)).toBe("train/…name.0001.jpg");
    expect(shortenMiddle("train/cat.jpg", 20)).toBe("train/cat.jpg");
  });

  it("read as the same in JSON, which shows what cannot be seen", () => {
    const value = { "a\u202e": ["\u009b2J\u2028\u007f\u001b\n", "猫 \ud83d"] };
    expect(visibleJson(value)).toBe(String.raw`{"a\u202e":["\u009b2J\u2028\u007f\u001b\n","猫 \ud83d"]}`);
    expect(JSON.parse(visibleJson(value))).toEqual(value);
  });
});
