import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { heatColour } from "../../image/colour-scale.ts";
import type { PixelImage } from "../../image/decode.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { HeatMap } from "./heat-map.ts";
import { captionStrip } from "./heat-map-caption.ts";
import { decodeForHeatMap, drawHeatMap } from "./heat-map-picture.ts";

const recipe = { width: 8, height: 8, fit: "cover" } as const;

/** Hot on the left half, cold on the right. */
const heat: HeatMap = {
  width: 8,
  height: 8,
  values: Float32Array.from({ length: 64 }, (_, at) => Number(at % 8 < 4)),
  method: "hires-cam",
};

function plain(width: number, height: number, level = 90, channels: 1 | 3 = 3): PixelImage {
  return { width, height, channels, pixels: new Uint8Array(width * height * channels).fill(level) };
}

async function pixelsOf(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [
    ...data.subarray((y * info.width + x) * info.channels).subarray(0, info.channels),
  ];
  return { ...info, at };
}

async function drawn(picture: PixelImage, fit: Recipe["fit"] = "cover") {
  return pixelsOf(await drawHeatMap(picture, { ...recipe, fit }, heat));
}

const cold = [90, 90, 90];
const hottest = heatColour(1).map((level) => Math.round(90 + 0.8 * (level - 90)));

describe("the size of a heat map's picture", () => {
  it.each([
    ["enlarges the shorter side to 256 pixels", [64, 32], [512, 256]],
    ["leaves a photograph as it is", [640, 480], [640, 480]],
    ["makes a huge one smaller", [4000, 1000], [1024, 256]],
    ["keeps one that is long and narrow within its bounds", [5000, 4], [1024, 1]],
  ] as const)("%s", async (_, [width, height], expected) => {
    const png = await drawHeatMap(plain(width, height), recipe, heat);
    const found = await sharp(png).metadata();
    expect(found).toMatchObject({ format: "png", channels: 3, space: "srgb" });
    expect([found.width, found.height]).toEqual(expected);
  });

  it("is that of the upright picture, whatever its file says of its orientation", async () => {
    const turned = await sharp({ create: { width: 60, height: 30, channels: 3, background: "#fff" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(await decodeForHeatMap(turned, {}, "x")).toMatchObject({ width: 30, height: 60, channels: 3 });
    const huge = await sharp({ create: { width: 3000, height: 1500, channels: 3, background: "#fff" } })
      .jpeg()
      .toBuffer();
    expect(await decodeForHeatMap(huge, {}, "x")).toMatchObject({ width: 1024, height: 512 });
  });
});

describe("the place of the heat", () => {
  it("is the whole picture where the recipe stretches it", async () => {
    const { at } = await drawn(plain(800, 400), "stretch");
    expect(at(5, 200)).toEqual(hottest);
    expect(at(795, 200)).toEqual(cold);
    expect(at(340, 200)).toEqual(hottest);
  });

  it("is the middle where the recipe cuts the rest off, which is paler behind a dashed line", async () => {
    const { at } = await drawn(plain(800, 400));
    // The model saw the columns from 200 to 600.
    expect(at(205, 200)).toEqual(hottest);
    expect(at(595, 200)).toEqual(cold);
    expect(at(100, 200)[0]).toBeGreaterThan(180);
    expect(at(700, 200)).toEqual(at(100, 200));
    const edge = Array.from({ length: 400 }, (_, y) => at(199, y)[0]!);
    expect(new Set(edge).size).toBe(2);
  });

  it("leaves out the bars beside a contained picture", async () => {
    // The recipe holds the picture in its two middle rows of four, and all of its columns.
    const { at } = await drawn(plain(800, 400), "contain");
    expect(at(5, 2)).toEqual(hottest);
    expect(at(5, 397)).toEqual(hottest);
    expect(at(795, 200)).toEqual(cold);
    const lower = { ...heat, values: Float32Array.from({ length: 64 }, (_, place) => Number(place >= 56)) };
    // Heat on a bar alone is nowhere in the picture.
    const bar = await pixelsOf(await drawHeatMap(plain(800, 400), { ...recipe, fit: "contain" }, lower));
    expect(bar.at(400, 399)).toEqual(cold);
  });
});

describe("the colours", () => {
  it("are those of a grey picture too", async () => {
    const { at } = await drawn(plain(300, 300, 90, 1));
    expect([at(2, 150), at(297, 150)]).toEqual([hottest, cold]);
  });

  it("are paled, so that the picture's own are not taken for heat", async () => {
    const orange = Uint8Array.from({ length: 3 * 90_000 }, (_, at) => [240, 120, 20][at % 3]!);
    const { at } = await drawn({ width: 300, height: 300, channels: 3, pixels: orange });
    const [red, green, blue] = at(298, 0);
    expect(red! - blue!).toBeLessThan(100);
    expect(red).toBeGreaterThan(green!);
    expect(green).toBeGreaterThan(blue!);
  });
});

describe("the caption", () => {
  const caption = { label: "dog", probability: 0.1234, predicted: "cat" };
  const textOf = (more: Partial<typeof caption>, remarks = { isCut: false, hasEvidence: true }): string =>
    captionStrip({ ...caption, ...more }, 320, remarks).svg.toString();

  it("names the class, its probability, the answer where it is another, and the scale of colours", () => {
    expect(textOf({})).toContain(">dog  12.34 %<");
    expect(textOf({})).toContain("answer is cat");
    expect(textOf({})).toMatch(/no evidence.*rgb\(200,200,200\).*the most/);
    expect(textOf({ predicted: "dog" })).not.toContain("answer is");
    expect(textOf({}, { isCut: true, hasEvidence: true })).toContain("Beyond the dashed line");
    expect(textOf({}, { isCut: false, hasEvidence: false })).toContain("Nothing in the picture");
  });

  it("cuts a long name and not its figure, and takes a name for text", () => {
    expect(textOf({ label: "a very long name ".repeat(9) })).toMatch(/>a very long name[^<]*… {2}12\.34 %</);
    expect(textOf({ label: "<script>\n" })).not.toContain("<script>");
  });

  it("stands below the picture, on a canvas that is wide enough for it", async () => {
    const { width, height } = await pixelsOf(await drawHeatMap(plain(100, 1000), recipe, heat, caption));
    expect(width).toBe(320);
    expect(height).toBeGreaterThan(1024 + 40);
  });
});

it("refuses pixels and heat maps of another size", async () => {
  await expect(drawHeatMap({ ...plain(8, 4), pixels: new Uint8Array(3) }, recipe, heat)).rejects.toMatchObject({
    code: "EXECUTION_INPUT",
    message: "Expected one picture of 4 x 8 x 3 bytes (height, width, channels); got 3 bytes",
  });
  await expect(drawHeatMap(plain(8, 4), recipe, { ...heat, width: 4 })).rejects.toMatchObject({
    code: "EXECUTION_INPUT",
    message: "Expected a heat map of the recipe's 8 x 8 pixels; got 4 x 8 with 64 values",
  });
});
