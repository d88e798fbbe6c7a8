import { describe, expect, it } from "vitest";
import { fingerprintBytes } from "../../../image/perceptual-hash.ts";
import type { Split } from "../../sources/source.ts";
import type { ScannedPicture } from "../scan/scan-picture.ts";
import { findCopies } from "./copy-findings.ts";
import type { DecodedFacts } from "./findings.ts";

interface Given {
  readonly hash?: string;
  readonly split?: Split;
  readonly side?: number;
  /** Pictures with the same look are near-duplicates. */
  readonly look?: number;
}

function picture(id: string, { hash = id, split, side = 10, look }: Given = {}): ScannedPicture {
  const decoded: DecodedFacts = {
    format: "jpeg",
    width: side,
    height: side,
    mode: "rgb",
    bits: 8,
    hasAlpha: false,
    frames: 1,
    orientation: 1,
    brightness: 0,
    contrast: 0,
    colourfulness: 0,
    meanColour: [0, 0, 0],
  };
  return {
    facts: { id, label: id.split("/")[0]!, hash, sizeBytes: 1, decoded, ...(split && { split }) },
    ...(look !== undefined && { fingerprint: new Uint8Array(fingerprintBytes).fill(look) }),
  };
}

describe("exact copies", () => {
  it("are repetitions within a label and a split; the first name stays", () => {
    const copies = ["cat/b", "cat/a", "cat/c"].map((id) => picture(id, { hash: "h" }));
    expect(findCopies([...copies, picture("cat/d")])).toEqual([
      {
        kind: "exact-duplicate",
        ids: ["cat/a", "cat/b", "cat/c"],
        offenders: ["cat/b", "cat/c"],
        detail: "3 files of the same bytes",
      },
    ]);
  });

  it("are a conflict under several labels, and all are at fault", () => {
    const copies = ["dog/b", "cat/a", "cat/c"].map((id) => picture(id, { hash: "h" }));
    expect(findCopies(copies)).toEqual([
      {
        kind: "label-conflict",
        ids: ["cat/a", "cat/c", "dog/b"],
        offenders: ["cat/a", "cat/c", "dog/b"],
        detail: 'the same bytes under "cat" and "dog"',
      },
    ]);
  });

  it("leak in several splits: test stays before val before train, and repetitions in one split are named too", () => {
    const copies = [
      picture("cat/train", { hash: "h", split: "train" }),
      picture("cat/val", { hash: "h", split: "val" }),
      picture("cat/test", { hash: "h", split: "test" }),
      picture("cat/train2", { hash: "h", split: "train" }),
    ];
    expect(findCopies(copies)).toEqual([
      {
        kind: "leakage",
        ids: ["cat/test", "cat/val", "cat/train", "cat/train2"],
        offenders: ["cat/val", "cat/train", "cat/train2"],
        detail: "the same bytes in test and val and train",
      },
      {
        kind: "exact-duplicate",
        ids: ["cat/train", "cat/train2"],
        offenders: ["cat/train2"],
        detail: "2 files of the same bytes",
      },
    ]);
  });
});

describe("near-duplicates", () => {
  it("keep the largest picture, and count exact copies once", () => {
    const pictures = [
      picture("cat/small", { look: 3, side: 10 }),
      picture("cat/large", { look: 3, side: 20, hash: "h" }),
      picture("cat/large-copy", { look: 3, side: 20, hash: "h" }),
      picture("cat/other", { look: 200 }),
    ];
    expect(findCopies(pictures).map(({ kind, ids, offenders }) => ({ kind, ids, offenders }))).toEqual([
      { kind: "exact-duplicate", ids: ["cat/large", "cat/large-copy"], offenders: ["cat/large-copy"] },
      { kind: "near-duplicate", ids: ["cat/large", "cat/small"], offenders: ["cat/small"] },
    ]);
  });

  it("are a conflict or leakage instead of a repetition", () => {
    const pictures = [
      picture("cat/a", { look: 3, split: "train" }),
      picture("dog/b", { look: 3, split: "test" }),
      picture("dog/c", { look: 3, split: "train" }),
    ];
    expect(findCopies(pictures)).toEqual([
      {
        kind: "near-duplicate-conflict",
        ids: ["dog/b", "cat/a", "dog/c"],
        offenders: ["dog/b", "cat/a", "dog/c"],
        detail: '3 pictures, up to 0 of 128 bits apart under "cat" and "dog"',
      },
      {
        kind: "near-duplicate-leakage",
        ids: ["dog/b", "cat/a", "dog/c"],
        offenders: ["cat/a", "dog/c"],
        detail: "3 pictures, up to 0 of 128 bits apart in test and train",
      },
    ]);
  });

  it("are not searched for among pictures without a fingerprint", () => {
    expect(findCopies([picture("cat/a"), picture("cat/b")])).toEqual([]);
  });
});
