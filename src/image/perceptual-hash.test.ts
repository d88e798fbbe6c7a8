import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import type { PixelImage } from "./decode.ts";
import { colourDistance, fingerprintBytes, fingerprintOf, hashDistance } from "./perceptual-hash.ts";

/** Soft blots of colour, as photographs have: noise of 6 x 6 pixels, enlarged. */
async function blots(seed: number, width: number, height: number): Promise<Buffer> {
  const random = createRandom(seed);
  const noise = Buffer.from(Array.from({ length: 6 * 6 * 3 }, () => random.integer(256)));
  const picture = sharp(noise, { raw: { width: 6, height: 6, channels: 3 } });
  return picture.resize(width, height, { fit: "fill", kernel: "cubic" }).png().toBuffer();
}

async function pixelsOf(file: Buffer, side = 64): Promise<PixelImage> {
  const data = await sharp(file).resize(side, side, { fit: "fill" }).removeAlpha().raw().toBuffer();
  return { width: side, height: side, channels: 3, pixels: new Uint8Array(data) };
}

async function fingerprint(file: Buffer): Promise<Uint8Array> {
  const found = fingerprintOf(await pixelsOf(file));
  if (found === undefined) throw new Error("these pictures have structure");
  return found;
}

describe("the fingerprint of a picture", () => {
  it("stays close when the picture is resized, compressed, or made brighter", async () => {
    const original = await blots(1, 200, 150);
    const own = await fingerprint(original);
    const variants = {
      smaller: await sharp(original).resize(90, 70, { fit: "fill" }).png().toBuffer(),
      compressed: await sharp(original).jpeg({ quality: 40 }).toBuffer(),
      brighter: await sharp(original).linear(1.05, 6).png().toBuffer(),
    };
    for (const [name, variant] of Object.entries(variants)) {
      const other = await fingerprint(variant);
      expect(hashDistance(own, other), name).toBeLessThanOrEqual(12);
      expect(colourDistance(own, other), name).toBeLessThan(5);
    }
  });

  it("is far from that of any other picture: about half of the bits differ", async () => {
    const prints = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => fingerprint(await blots(seed, 80, 80))),
    );
    const distances = prints.flatMap((a, at) => prints.slice(at + 1).map((b) => hashDistance(a, b)));
    expect(Math.min(...distances)).toBeGreaterThan(24);
    const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    expect(mean).toBeGreaterThan(55);
    expect(mean).toBeLessThan(73);
  });

  it("tells the same shapes in other colours apart by the colours alone", async () => {
    const grey = await sharp(await blots(3, 80, 80))
      .greyscale()
      .toColourspace("srgb")
      .png()
      .toBuffer();
    const red = await sharp(grey).linear([1, 0.3, 0.3], [0, 0, 0]).png().toBuffer();
    const [a, b] = [await fingerprint(grey), await fingerprint(red)];
    expect(hashDistance(a, b)).toBeLessThanOrEqual(4);
    expect(colourDistance(a, b)).toBeGreaterThan(10);
  });

  it("knows grey pixels as the same picture in colour channels", async () => {
    const { pixels, ...size } = await pixelsOf(
      await sharp(await blots(4, 64, 64))
        .greyscale()
        .toColourspace("srgb")
        .png()
        .toBuffer(),
    );
    const single = pixels.filter((_, at) => at % 3 === 0);
    expect(fingerprintOf({ ...size, channels: 1, pixels: single })).toEqual(fingerprintOf({ ...size, pixels }));
  });

  it("is left out where there is nothing to hash: one colour, or fewer than 32 pixels a side", async () => {
    const flat = new Uint8Array(64 * 64).fill(200);
    expect(fingerprintOf({ width: 64, height: 64, channels: 1, pixels: flat })).toBeUndefined();
    expect(fingerprintOf(await pixelsOf(await blots(5, 64, 64), 31))).toBeUndefined();
    expect(fingerprintOf(await pixelsOf(await blots(5, 64, 64), 32))).toHaveLength(fingerprintBytes);
  });
});
