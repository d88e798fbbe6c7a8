import { describe, expect, it } from "vitest";
import type { ParamValue } from "../../versioning/formats/param-value.ts";
import { changesMarkdown, changesText, valuesJson, valueText } from "./value-table-text.ts";

describe("a value of a table", () => {
  it("is rounded where a precision is given, and never to 0", () => {
    expect([0.123456789, 2e-9, 0, 1e-7, -0.5].map((value) => valueText(value, 5))).toEqual([
      "0.12346",
      "2e-9",
      "0",
      "1e-7",
      "-0.5",
    ]);
    expect(valueText(2.34e-9, 0)).toBe("2e-9");
    expect(valueText(1e-7)).toBe("1e-7");
    expect(valueText(12345678901234567890n)).toBe("12345678901234567890");
  });
});

describe("tables of changes", () => {
  const changes = [{ file: "a|b.json", key: "x", before: 0.1, after: 0.3, difference: 0.3 - 0.1, isSame: false }];

  it("show no digits that come of the subtraction", () => {
    expect(changesText(changes, "HEAD", "work tree").split("\n")[1]).toBe("a|b.json  x     0.1        0.3    +0.2");
  });

  it("as Markdown keep bars in their cells", () => {
    expect(changesMarkdown(changes, "HEAD", "work tree").split("\n")[2]).toBe("| a\\|b.json | x | 0.1 | 0.3 | +0.2 |");
  });
});

it("metrics as JSON have the form of DVC", () => {
  const table = new Map<string, ParamValue>([["m.json", new Map([["by", new Map([["cat", 1n]])]])]]);
  expect(JSON.stringify(valuesJson(table, "v1"))).toBe('{"v1":{"data":{"m.json":{"data":{"by":{"cat":1}}}}}}');
});
