import { describe, expect, it } from "vitest";
import { summarize } from "./dataset-summary.ts";
import type { SkippedPicture } from "./sources/source.ts";

const skipped = (count: number): SkippedPicture[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `cat/${at}\n.jpg`,
    code: "IMAGE_UNREADABLE",
    reason: "it is empty",
  }));

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
