import { describe, expect, it } from "vitest";
import { createStyle } from "./console.ts";
import { fittedTable, noRoomText } from "./fitted-table.ts";

const columns = [
  { title: "ID", cells: ["1a2b", "3c4d"] },
  { title: "NAME", cells: ["a very long name of a run", "b"], least: 8 },
  { title: "LOSS", cells: [createStyle(true).green("0.1234"), "0.5"], least: 6, dropped: 1 },
  { title: "NOTE", cells: ["x", "yyyyyyyyyyyy"], dropped: 2 },
];

describe("a fitted table", () => {
  it("is a plain one where there is room", () => {
    const { text, left } = fittedTable(columns, 80);
    expect(left).toEqual([]);
    expect(text.split("\n")[0]).toBe("ID    NAME                       LOSS    NOTE");
  });

  it("shortens first what may be, then leaves out what matters least", () => {
    expect(fittedTable(columns, 45).text).toContain("a very long name…");
    expect(fittedTable(columns, 34).left).toEqual(["NOTE"]);
    expect(fittedTable(columns, 20).left).toEqual(["LOSS", "NOTE"]);
  });

  it("keeps colours whole, and what must stay where nothing else is left", () => {
    expect(fittedTable(columns, 24).text).toContain("\u001b[32m0.1234\u001b[39m");
    expect(fittedTable(columns, 3).text.split("\n")[1]).toBe("1a2b  a very …");
  });

  it("has its titles without any row", () => {
    expect(fittedTable([{ title: "ID", cells: [] }], 80).text).toBe("ID");
  });
});

it("names the first columns that had no room", () => {
  expect(noRoomText(["a", "b"])).toBe("left out at this width: a, b");
  expect(noRoomText(["a", "b", "c", "d", "e", "f", "g", "h"])).toBe(
    "left out at this width: a, b, c, d, e, f and 2 more columns",
  );
});
