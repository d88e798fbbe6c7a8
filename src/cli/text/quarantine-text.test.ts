import { describe, expect, it } from "vitest";
import { createStyle } from "../frame/console.ts";
import { quarantineText, restoreText } from "./quarantine-text.ts";

const style = createStyle(false);

describe("what was moved", () => {
  it("names the folder, what stayed, and the way back", () => {
    const left = Array.from({ length: 12 }, (_, at) => ({ id: `cat/${at}.jpg`, reason: "it is a symbolic link" }));
    const moved = [{ from: "a", to: "b", kind: "corrupt", detail: "", sha256: "" } as const];
    const where = { folder: "pets.quarantine/1", command: "pawprint data restore pets.quarantine/1" };
    const lines = quarantineText({ moved, left }, where, style).split("\n");
    expect(lines[0]).toBe("Moved  1 picture to pets.quarantine/1; its log.jsonl names each, and why");
    expect(lines[1]).toBe("Left where they are: 12");
    expect(lines.slice(-2)).toEqual(["  and 2 more", "Undo   pawprint data restore pets.quarantine/1"]);
    expect(quarantineText({ moved: [], left: [] }, undefined, style)).toBe("Nothing to move.");
  });

  it("and what was put back", () => {
    const report = { source: "pets", restored: 2, alreadyThere: 1, refused: [{ id: "cat/a", reason: "it is lost" }] };
    expect(restoreText(report, "pets", style)).toBe(
      "Restored  2 pictures to pets; 1 stood there already\nNot put back: 1\n  cat/a: it is lost",
    );
  });
});
