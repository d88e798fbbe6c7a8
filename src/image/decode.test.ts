import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { decodePicture } from "./decode.ts";

const options = { channels: 3, background: [255, 255, 255], where: "cat/a.jpg" } as const;
const orange = { r: 200, g: 64, b: 16 };
const plain = (width = 40, height = 30): Sharp => sharp({ create: { width, height, channels: 3, background: orange } });

/** JPEG and the CMYK round trip lose a little: a few levels of 255. */
const nearly = (pixel: Uint8Array, expected: readonly number[], tolerance: number): void => {
  const furthest = Math.max(...expected.map((level, channel) => Math.abs(level - pixel[channel]!)));
  expect(furthest).toBeLessThanOrEqual(tolerance);
};

/** A PNG whose header states a size, with a right checksum and 40 bytes of nothing behind it. */
async function pngOfSize(width: number, height: number): Promise<Buffer> {
  const png = await plain().png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

describe("decoding", () => {
  it.each(["jpeg", "png", "webp", "tiff", "avif", "gif"] as const)("reads %s as 8-bit sRGB", async (format) => {
    const image = await decodePicture(await plain().toFormat(format).toBuffer(), options);
    expect(image).toMatchObject({ width: 40, height: 30, channels: 3 });
    expect(image.pixels).toHaveLength(40 * 30 * 3);
    nearly(image.pixels, [200, 64, 16], 6);
  });

  it.each([
    ["CMYK", () => plain().toColourspace("cmyk").jpeg().toBuffer(), 16],
    ["16-bit", () => plain().toColourspace("rgb16").png().toBuffer(), 1],
    ["palette", () => plain().png({ palette: true }).toBuffer(), 0],
  ])("brings %s pictures to 8-bit sRGB", async (_, draw, tolerance) => {
    const image = await decodePicture(await draw(), options);
    expect(image.channels).toBe(3);
    nearly(image.pixels, [200, 64, 16], tolerance);
  });

  it.each(["b-w", "grey16"])(
    "gives %s pictures three equal channels, or one where grey is asked for",
    async (space) => {
      const grey = await sharp({ create: { width: 4, height: 4, channels: 3, background: "#808080" } })
        .toColourspace(space)
        .png()
        .toBuffer();
      expect([...(await decodePicture(grey, options)).pixels.subarray(0, 3)]).toEqual([128, 128, 128]);
      const image = await decodePicture(grey, { ...options, channels: 1 });
      expect([image.channels, image.pixels.length, image.pixels[0]]).toEqual([1, 16, 128]);
    },
  );

  it("turns a picture upright by its EXIF orientation", async () => {
    const lying = await plain().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodePicture(lying, options)).toMatchObject({ width: 30, height: 40 });
  });

  it("flattens transparency onto the background", async () => {
    const half = await sharp({ create: { width: 2, height: 2, channels: 4, background: { ...orange, alpha: 0 } } })
      .png()
      .toBuffer();
    const image = await decodePicture(half, { ...options, background: [10, 20, 30] });
    expect([...image.pixels.subarray(0, 3)]).toEqual([10, 20, 30]);
  });

  it("takes the first frame of an animation", async () => {
    const frames = await Promise.all(["#ff0000", "#0000ff"].map((background) => frame(background)));
    const animated = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    const image = await decodePicture(animated, options);
    expect([image.width, image.height, ...image.pixels.subarray(0, 3)]).toEqual([8, 8, 255, 0, 0]);
  });
});

describe("a file that is refused", () => {
  const refuses = async (bytes: Uint8Array, code: string, message: string | RegExp): Promise<void> => {
    const error: unknown = await decodePicture(bytes, options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code, where: "cat/a.jpg" });
    expect((error as Error).message).toMatch(message);
  };

  it.each([0.3, 0.6, 0.99])("is a JPEG cut off at %d of its length", async (share) => {
    const noise = { type: "gaussian", mean: 120, sigma: 40 } as const;
    const jpeg = await sharp({ create: { width: 200, height: 200, channels: 3, background: orange, noise } })
      .jpeg()
      .toBuffer();
    await refuses(
      jpeg.subarray(0, jpeg.length * share),
      "IMAGE_UNREADABLE",
      /whole; got a JPEG of [\d.]+ kB that ends before the picture does/,
    );
  });

  it("is a PNG with a flipped bit in its pixels", async () => {
    const png = await plain().png().toBuffer();
    png[png.length - 30]! ^= 0xff;
    await refuses(
      png,
      "IMAGE_UNREADABLE",
      "a picture that is whole; got a PNG with a wrong checksum in its IDAT chunk at byte 54 (cat/a.jpg)",
    );
  });

  it("is empty", () =>
    refuses(
      new Uint8Array(),
      "IMAGE_UNREADABLE",
      "a JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP picture; got an empty file (cat/a.jpg)",
    ));

  it("states more than 100 megapixels, whatever stands behind the header", async () => {
    const message = "a picture of 1 to 100 million pixels; got 20000 x 20000 pixels (cat/a.jpg)";
    const giant = await pngOfSize(20_000, 20_000);
    await refuses(giant, "IMAGE_SIZE", message);
    await refuses(giant.subarray(0, 60), "IMAGE_SIZE", message);
  });

  it("states a width of 0", async () => {
    await refuses(await pngOfSize(0, 20), "IMAGE_SIZE", "got 0 x 20 pixels");
    const jpeg = await plain().jpeg().toBuffer();
    jpeg.writeUInt16BE(0, jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 7);
    await refuses(jpeg, "IMAGE_SIZE", "got 0 x 30 pixels");
  });
});

function frame(background: string): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
}
