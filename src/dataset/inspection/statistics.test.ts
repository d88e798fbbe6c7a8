import { describe, expect, it } from "vitest";
import type { DecodedFacts, PictureFacts } from "./findings/findings.ts";
import { summarizePictures } from "./statistics.ts";

function facts(
  label: string,
  given: Partial<DecodedFacts> | undefined,
  rest: Partial<PictureFacts> = {},
): PictureFacts {
  const decoded: DecodedFacts = {
    format: "jpeg",
    width: 10,
    height: 20,
    mode: "rgb",
    bits: 8,
    hasAlpha: false,
    frames: 1,
    orientation: 1,
    brightness: 100,
    contrast: 10,
    colourfulness: 20,
    meanColour: [1, 2, 3],
  };
  const known = { id: `${label}/a`, label, hash: "h", sizeBytes: 5, ...rest };
  return given === undefined ? known : { ...known, decoded: { ...decoded, ...given } };
}

describe("the statistics of a set", () => {
  it("leave pictures that cannot be decoded out of every mean", () => {
    const statistics = summarizePictures([
      facts("dog", { brightness: 50, contrast: 30, meanColour: [3, 4, 5] }, { split: "test" }),
      facts("dog", { brightness: 100, bits: 16, hasAlpha: true, width: 40, format: "png" }, { sizeBytes: 9 }),
      facts("dog", undefined, { split: "train" }),
      facts("cat", { mode: "grey", width: 12 }),
    ]);
    expect(statistics).toEqual({
      pictures: 4,
      unreadable: 1,
      sizeBytes: 24,
      classes: [
        {
          label: "cat",
          pictures: 1,
          bySplit: { none: 1 },
          brightnessMean: 100,
          contrastMean: 10,
          colourfulnessMean: 20,
          meanColour: [1, 2, 3],
        },
        {
          label: "dog",
          pictures: 3,
          bySplit: { train: 1, test: 1, none: 1 },
          brightnessMean: 75,
          contrastMean: 20,
          colourfulnessMean: 20,
          meanColour: [2, 3, 4],
        },
      ],
      formats: { jpeg: 2, png: 1 },
      modes: { rgb: 1, "rgb 16-bit with transparency": 1, grey: 1 },
      sizes: {
        width: { min: 10, median: 12, max: 40 },
        height: { min: 20, median: 20, max: 20 },
        bytes: { min: 5, median: 5, max: 9 },
      },
    });
  });

  it("have no sizes where nothing could be decoded", () => {
    const statistics = summarizePictures([facts("cat", undefined)]);
    expect(statistics.sizes).toBeUndefined();
    expect(statistics.classes[0]).toMatchObject({ brightnessMean: 0, meanColour: [0, 0, 0] });
  });
});
