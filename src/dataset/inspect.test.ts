import { describe, expect, it } from "vitest";
import { describeSkipped, sortLabels, summarize } from "./inspect.ts";
import type { SkippedPicture } from "./sources/source.ts";

const skipped = (count: number): SkippedPicture[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `cat/${at}\n.jpg`,
    code: "IMAGE_UNREADABLE",
    reason: "it is empty",
  }));

describe("the list of skipped pictures", () => {
  it("is empty where none was", () => {
    expect(describeSkipped([], 10)).toEqual([]);
  });

  it("names ten and counts the rest, each on one line", () => {
    const lines = describeSkipped(skipped(12), 40);
    expect(lines).toHaveLength(12);
    expect(lines[0]).toBe("12 of 40 pictures were skipped:");
    expect(lines[1]).toBe('  "cat/0\\n.jpg": it is empty [IMAGE_UNREADABLE]');
    expect(lines.at(-1)).toBe("  and 2 more");
  });
});

describe("a summary", () => {
  it("counts classes by split, copies, copies across splits and faults", () => {
    const summary = summarize({
      labels: ["cat", "dog"],
      targets: Int32Array.of(0, 0, 0, 1, 1),
      splits: Uint8Array.of(0, 2, 0, 1, 0),
      hashes: ["a", "a", "a", "b", "c"],
      skipped: skipped(11),
      hash: "h",
    });
    expect(summary).toMatchObject({
      pictures: 5,
      hash: "h",
      classes: [
        { label: "cat", train: 2, val: 0, test: 1 },
        { label: "dog", train: 1, val: 1, test: 0 },
      ],
      duplicates: 2,
      duplicatesAcrossSplits: 1,
      skipped: 11,
      skippedByCode: { IMAGE_UNREADABLE: 11 },
    });
    expect(summary.skippedFirst).toHaveLength(10);
  });
});

describe("class names", () => {
  it("are in one order everywhere, numbers by their value", () => {
    expect(sortLabels(["dog", "Cat", "ähre", "cat", "dog"])).toEqual(["Cat", "cat", "dog", "ähre"]);
    expect(sortLabels(["10", "9", "0"])).toEqual(["0", "9", "10"]);
    expect(sortLabels(["10", "9", "x"])).toEqual(["10", "9", "x"]);
  });
});
