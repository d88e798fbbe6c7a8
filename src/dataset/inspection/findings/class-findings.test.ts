import { describe, expect, it } from "vitest";
import type { Split } from "../../sources/source.ts";
import type { ScannedPicture } from "../scan/scan-picture.ts";
import { findClassFaults, findNamesAlike } from "./class-findings.ts";
import { defaultThresholds } from "./thresholds.ts";

interface Many {
  readonly split?: Split;
  readonly hash?: string;
  readonly isBroken?: boolean;
}

function many(label: string, count: number, { split, hash, isBroken = false }: Many = {}): ScannedPicture[] {
  return Array.from({ length: count }, (_, at) => {
    const id = `${split ?? ""}${label}/${at}`;
    return {
      facts: { id, label, sizeBytes: 1, hash: hash ?? id, ...(split && { split }) },
      ...(isBroken && { fault: { kind: "empty-file", detail: "0 bytes" } as const }),
    };
  });
}

const faultsOf = (...pictures: readonly ScannedPicture[][]): string[] =>
  findClassFaults(pictures.flat(), defaultThresholds).map(({ kind, detail }) => `${kind}: ${detail}`);

describe("classes", () => {
  it("are sound where they have enough pictures and are in balance", () => {
    expect(faultsOf(many("cat", 3), many("dog", 30))).toEqual([]);
  });

  it("are too few where there is one", () => {
    expect(faultsOf(many("cat", 3))).toEqual(['one-class: only "cat"']);
  });

  it("are out of balance above 1 to 10; broken pictures do not count", () => {
    expect(faultsOf(many("cat", 4), many("cat", 20, { isBroken: true }), many("dog", 41))).toEqual([
      'class-imbalance: "cat" has 4 pictures, "dog" has 41, 1 to 10.3',
    ]);
  });

  it("are too small with fewer different pictures than splits", () => {
    const small = (count: number): string =>
      `class-too-small: "cat" has ${count} different pictures to train from; at least 3 are needed`;
    expect(faultsOf(many("cat", 2), many("dog", 9))).toEqual([small(2)]);
    expect(faultsOf(many("cat", 4, { hash: "h" }), many("dog", 9))).toEqual([small(1)]);
    expect(faultsOf(many("cat", 3, { isBroken: true }), many("dog", 9))).toEqual([
      small(0),
      'class-imbalance: "cat" has 0 pictures, "dog" has 9',
    ]);
  });

  it("need pictures to train from where the source gives the test split", () => {
    const pictures = [many("cat", 9, { split: "test" }), many("cat", 1, { split: "train" })];
    expect(faultsOf(...pictures, many("dog", 9, { split: "train" }))).toEqual([
      'class-too-small: "cat" has 1 different pictures to train from; at least 2 are needed',
    ]);
  });

  it("cannot count pictures that stand under two labels", () => {
    expect(
      faultsOf(many("cat", 2), many("cat", 1, { hash: "h" }), many("dog", 3), many("dog", 1, { hash: "h" })),
    ).toEqual(['class-too-small: "cat" has 2 different pictures to train from; at least 3 are needed']);
  });

  it("are alike where case or the parting of words is all that differs", () => {
    expect(faultsOf(many("Golden Retriever", 3), many("golden_retriever", 4), many("golden-retrievers", 4))).toEqual([
      'labels-alike: "Golden Retriever" (3 pictures) and "golden_retriever" (4 pictures)',
    ]);
  });
});

describe("names", () => {
  it("are alike where case or Unicode's form is all that differs", () => {
    const composed = "cat/\u00e9.jpg";
    const decomposed = "cat/e\u0301.jpg";
    expect(findNamesAlike(["cat/A.jpg", "cat/a.jpg", "cat/b.jpg", composed, decomposed])).toEqual([
      { kind: "names-alike", ids: ["cat/A.jpg", "cat/a.jpg"], offenders: ["cat/a.jpg"], detail: expect.any(String) },
      { kind: "names-alike", ids: [decomposed, composed], offenders: [composed], detail: expect.any(String) },
    ]);
  });
});
