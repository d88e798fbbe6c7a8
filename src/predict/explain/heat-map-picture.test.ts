import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { heatColour } from "../../image/colour-scale.ts";
import type { HeatMap } from "./heat-map.ts";
import { drawHeatMap } from "./heat-map-picture.ts";

const recipe = { width: 8, height: 4, channels: 3 } as const;
const grey = { ...recipe, channels: 1 } as const;

/** Hot on the left half, cold on the right. */
const heat: HeatMap = {
  width: 8,
  height: 4,
  values: Float32Array.from({ length: 32 }, (_, at) => Number(at % 8 < 4)),
  method: "hires-cam",
};
const filled = (channels: number, level: number) => new Uint8Array(32 * channels).fill(level);

async function pixelsOf(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [
    ...data.subarray((y * info.width + x) * info.channels).subarray(0, info.channels),
  ];
  return { ...info, at };
}

describe("drawing a heat map", () => {
  it("enlarges the shorter side to 256 pixels and keeps the aspect ratio", async () => {
    const png = await drawHeatMap(filled(3, 90), recipe, heat);
    expect(await sharp(png).metadata()).toMatchObject({
      format: "png",
      width: 512,
      height: 256,
      channels: 3,
      space: "srgb",
    });
  });

  it("does not make a picture smaller", async () => {
    const { width, height } = await pixelsOf(await drawHeatMap(filled(3, 90), recipe, heat, { minimumSidePx: 2 }));
    expect([width, height]).toEqual([8, 4]);
  });

  it.each([recipe, grey])("covers hot places and leaves the others clear, with $channels channels", async (size) => {
    const { at, width, height } = await pixelsOf(
      await drawHeatMap(filled(size.channels, 90), size, heat, { opacity: 0.5 }),
    );
    expect(at(width - 1, height / 2)).toEqual([90, 90, 90]);
    expect(at(0, height / 2)).toEqual(heatColour(1).map((level) => Math.round((90 + level) / 2)));
  });

  it("pales the picture's own colours, so that they are not taken for heat", async () => {
    const orange = Uint8Array.from({ length: 96 }, (_, at) => [240, 120, 20][at % 3]!);
    const { at, width } = await pixelsOf(await drawHeatMap(orange, recipe, heat));
    const [red, green, blue] = at(width - 1, 0);
    expect(red! - blue!).toBeLessThan(100);
    expect(red).toBeGreaterThan(green!);
    expect(green).toBeGreaterThan(blue!);
  });

  it("refuses pixels and heat maps of another size", async () => {
    await expect(drawHeatMap(filled(1, 0), recipe, heat)).rejects.toMatchObject({
      code: "EXECUTION_INPUT",
      message: "one picture of 4 x 8 x 3 bytes (height, width, channels); got 32 bytes",
    });
    await expect(drawHeatMap(filled(3, 0), recipe, { ...heat, width: 4, height: 8 })).rejects.toMatchObject({
      code: "EXECUTION_INPUT",
      message: "a heat map of the picture's 8 x 4 pixels; got 4 x 8 with 32 values",
    });
  });

  it.each([
    [{ opacity: 1.5 }, "a number from 0 to 1 for opacity; got 1.5"],
    [{ opacity: Number.NaN }, "a number from 0 to 1 for opacity; got NaN"],
    [{ minimumSidePx: 0 }, "a number from 1 to 4096 for minimumSidePx; got 0"],
  ])("refuses options out of range: %j", async (options, message) => {
    await expect(drawHeatMap(filled(3, 0), recipe, heat, options)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message,
    });
  });
});
