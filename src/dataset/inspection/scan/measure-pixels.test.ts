import { describe, expect, it } from "vitest";
import { measurePixels } from "./measure-pixels.ts";

describe("the measures of a picture", () => {
  it("are those of its two halves", () => {
    const pixels = Uint8Array.of(255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255);
    const measures = measurePixels({ width: 2, height: 2, channels: 3, pixels });
    // Luma: 0.299 x 255 and 0.114 x 255.
    expect(measures.brightness).toBeCloseTo((76.245 + 29.07) / 2, 6);
    expect(measures.contrast).toBeCloseTo((76.245 - 29.07) / 2, 6);
    expect(measures).toMatchObject({ colourfulness: 255, meanColour: [127.5, 0, 127.5], spread: 127.5 });
  });

  it("are zero in colour and spread for plain grey", () => {
    expect(measurePixels({ width: 3, height: 1, channels: 1, pixels: Uint8Array.of(7, 7, 7) })).toEqual({
      brightness: expect.closeTo(7, 9),
      contrast: expect.closeTo(0, 3),
      colourfulness: 0,
      meanColour: [7, 7, 7],
      spread: 0,
    });
  });

  it("have a spread where colours differ at equal luma", () => {
    // 0.299 x 100 = 0.114 x 262: red and blue that a grey copy cannot tell apart.
    const { contrast, spread } = measurePixels({
      width: 2,
      height: 1,
      channels: 3,
      pixels: Uint8Array.of(96, 0, 0, 0, 0, 252),
    });
    expect(contrast).toBeLessThan(0.1);
    expect(spread).toBe(126);
  });
});
