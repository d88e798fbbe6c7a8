import { describe, expect, it } from "vitest";
import { describeSkipped } from "./describe-skipped.ts";
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
