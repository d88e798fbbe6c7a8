import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import type { PixelImage } from "./decode.ts";
import { pictureStatisticNames, pictureStatistics } from "./picture-statistics.ts";

/** Patches of random colours, as a photograph has edges and areas. */
function patches(side: number, patch = 8): PixelImage {
  const random = createRandom(5);
  const per = Math.ceil(side / patch);
  const colours = Array.from({ length: per * per * 3 }, () => random.integer(200) + 20);
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
    return colours[(Math.floor(y / patch) * per + Math.floor(x / patch)) * 3 + (at % 3)]!;
  });
  return { width: side, height: side, channels: 3, pixels };
}

const plain = (colour: readonly number[], side = 40): PixelImage => ({
  width: side,
  height: side,
  channels: colour.length as 1 | 3,
  pixels: Uint8Array.from({ length: side * side * colour.length }, (_, at) => colour[at % colour.length]!),
});

async function blurred({ pixels, ...size }: PixelImage, sigma: number): Promise<PixelImage> {
  return { ...size, pixels: await sharp(pixels, { raw: size }).blur(sigma).raw().toBuffer() };
}

describe("statistics of a picture", () => {
  it("are known for one colour", () => {
    expect(pictureStatistics(plain([200, 100, 50]), { width: 80, height: 40 })).toEqual({
      brightness: Math.fround(0.299 * 200 + 0.587 * 100 + 0.114 * 50),
      contrast: expect.closeTo(0, 3),
      sharpness: expect.closeTo(0, 3),
      saturation: 0.75,
      redGreen: 100,
      blueYellow: -100,
      width: 80,
      height: 40,
      aspect: Math.fround(Math.log(2)),
    });
  });

  it("of grey pictures have no colour, and without a header no size", () => {
    expect(pictureStatistics(plain([70]))).toEqual({ brightness: 70, contrast: 0, sharpness: 0 });
  });

  it("hardly depend on the size of what is measured", () => {
    const large = pictureStatistics(patches(384, 32));
    const small = pictureStatistics(patches(96, 8));
    for (const name of pictureStatisticNames.slice(0, 6)) expect(large[name]).toBeCloseTo(small[name]!, 3);
  });

  it("tell blur, darkness and a colour cast apart", async () => {
    const image = patches(96);
    const before = pictureStatistics(image);
    const soft = pictureStatistics(await blurred(image, 2));
    expect(soft.sharpness!).toBeLessThan(before.sharpness! - 1);
    expect(soft.brightness!).toBeCloseTo(before.brightness!, 0);
    const dark = pictureStatistics({ ...image, pixels: image.pixels.map((level) => level / 2) });
    expect(dark.brightness! / before.brightness!).toBeCloseTo(0.5, 1);
    expect(dark.saturation!).toBeCloseTo(before.saturation!, 1);
    const warm = image.pixels.map((level, at) => (at % 3 === 0 ? level + 30 : level));
    expect(pictureStatistics({ ...image, pixels: warm }).redGreen! - before.redGreen!).toBeCloseTo(30, 1);
  });

  it.each([
    [1, 1],
    [2, 300],
    [500, 1],
  ])("are finite for %i x %i pixels", (width, height) => {
    const pixels = new Uint8Array(width * height * 3).fill(9);
    const values = Object.values(pictureStatistics({ width, height, channels: 3, pixels }, { width, height }));
    expect(values).toHaveLength(9);
    expect(values.every((value) => Number.isFinite(value))).toBe(true);
  });
});
