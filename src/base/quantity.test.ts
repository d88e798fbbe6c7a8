import { describe, expect, it } from "vitest";
import { formatAmount, formatBytes, formatDuration, formatRate } from "./quantity.ts";

describe("quantities as people read them", () => {
  it.each([
    [0, "0 ms"],
    [340, "340 ms"],
    [999.6, "1.0 s"],
    [12_340, "12.3 s"],
    [59_960, "1 m 00 s"],
    [80_000, "1 m 20 s"],
    [3_599_700, "1 h 00 m"],
    [7_500_000, "2 h 05 m"],
    [-1, "-"],
    [Number.POSITIVE_INFINITY, "-"],
  ])("%s ms is %s", (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [512, "512 B"],
    [999.96, "1.0 kB"],
    [3_400_000, "3.4 MB"],
    [2e18, "2000.0 PB"],
  ])("%s bytes are %s", (sizeBytes, text) => {
    expect(formatBytes(sizeBytes)).toBe(text);
  });

  it("gives rates and amounts in their unit", () => {
    expect(formatRate(640.4, "images")).toBe("640 images/s");
    expect(formatRate(12.34, "batches")).toBe("12.3 batches/s");
    expect(formatRate(0.25, "epochs")).toBe("0.25 epochs/s");
    expect(formatRate(3_400_000, "B")).toBe("3.4 MB/s");
    expect(formatAmount(1200, "images")).toBe("1200 images");
    expect(formatAmount(1200, "B")).toBe("1.2 kB");
    expect(["images", "pictures", "s"].map((unit) => formatAmount(1, unit))).toEqual(["1 image", "1 picture", "1 s"]);
  });
});
