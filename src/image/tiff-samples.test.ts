import { describe, expect, it } from "vitest";
import { makeTiff, type TiffOptions } from "../../tests/support/tiff-file.ts";
import { decodePicture } from "./decode.ts";

const options = { channels: 3, background: [255, 255, 255], where: "cell/1.tif" } as const;
const grey = { ...options, channels: 1 } as const;

/** A ramp over the 64 pixels of a picture. */
const ramp = (from: number, to: number) => (index: number) => from + ((to - from) * (index % 64)) / 63;
const levels = Array.from({ length: 64 }, (_, index) => Math.floor((index / 63) * 255 + 0.5));

describe.each([true, false])("a TIFF (little-endian: %s)", (isLittle) => {
  it.each<[string, TiffOptions]>([
    ["floats from 0 to 1", { bits: 32, format: 3, value: ramp(0, 1) }],
    ["floats from 0 to 255", { bits: 32, format: 3, value: ramp(0, 255) }],
    ["whole numbers of 32 bits", { bits: 32, format: 1, value: (at) => levels[at]! }],
    ["signed numbers of 32 bits", { bits: 32, format: 2, value: (at) => levels[at]! }],
    ["16 bits", { bits: 16, value: (at) => Math.round(ramp(0, 65535)(at)) }],
    ["8 bits", { value: (at) => levels[at]! }],
    ["floats, as a BigTIFF", { bits: 32, format: 3, value: ramp(0, 1), isBig: true }],
  ])("of %s spans black to white", async (_, tiff) => {
    const { pixels } = await decodePicture(makeTiff({ ...tiff, isLittle }), grey);
    pixels.forEach((level, at) => {
      expect(Math.abs(level - levels[at]!)).toBeLessThanOrEqual(1);
    });
    expect([pixels[0], pixels[63]]).toEqual([0, 255]);
  });
});

it.each([
  [0, 1, "white-is-zero"],
  [5, 4, "CMYK"],
] as const)(
  "a TIFF of floats with photometric interpretation %d is refused: its values mean something else",
  async (photometric, channels, name) => {
    const tiff = makeTiff({ photometric, channels, bits: 32, format: 3, value: () => 0 });
    await expect(decodePicture(tiff, grey)).rejects.toMatchObject({
      code: "IMAGE_UNREADABLE",
      message: expect.stringContaining(`a ${name} TIFF of 32-bit`),
    });
  },
);

describe("a TIFF of floats", () => {
  it("gives colours as grey: scaled, without a gamma", async () => {
    const value = (index: number): number => [0.2, 0.4, 0.8][index % 3]!;
    const { pixels } = await decodePicture(makeTiff({ channels: 3, bits: 32, format: 3, value }), options);
    expect([...pixels.subarray(0, 3)]).toEqual([51, 102, 204]);
  });

  it("is turned upright, and flattened where it has transparency", async () => {
    const turned = makeTiff({ width: 4, height: 16, bits: 32, format: 3, value: ramp(0, 1), fields: [[274, 3, [6]]] });
    expect(await decodePicture(turned, grey)).toMatchObject({ width: 16, height: 4 });
    const value = (index: number): number => [1, 0, 0, 0][index % 4]!;
    const clear = makeTiff({ channels: 4, bits: 32, format: 3, value, fields: [[338, 3, [2]]] });
    expect([...(await decodePicture(clear, options)).pixels.subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  it.each<[string, (index: number) => number, RegExp]>([
    ["beyond 255", ramp(0, 4095), /with values from 0 to 4095 in place of 0 to 1 or 0 to 255/],
    ["below 0", ramp(-0.5, 1), /with values from -0\.5 to 1 in place/],
    [
      "no numbers",
      (at) => (at === 5 ? Number.NaN : 0.5),
      /from 0\.5 to 0\.5, and some that are infinite or no numbers/,
    ],
    ["infinite", (at) => (at === 5 ? Number.POSITIVE_INFINITY : 0), /infinite/],
    ["all no numbers", () => Number.NaN, /no finite value/],
  ])("is refused where values are %s, with the range found", async (_, value, message) => {
    const decoding = decodePicture(makeTiff({ bits: 32, format: 3, value }), grey);
    await expect(decoding).rejects.toMatchObject({
      code: "IMAGE_UNREADABLE",
      fault: "foreign",
      message: expect.stringMatching(message),
      hint: expect.stringContaining("alike"),
    });
  });

  it("is refused above 16 megapixels, since a small file can ask for any size", async () => {
    const large = makeTiff({
      bits: 32,
      format: 3,
      value: ramp(0, 1),
      fields: [
        [256, 4, [5000]],
        [257, 4, [5000]],
      ],
    });
    await expect(decodePicture(large, grey)).rejects.toMatchObject({ code: "IMAGE_SIZE" });
  });
});

describe("a TIFF of other values is refused by name", () => {
  it.each<[string, TiffOptions]>([
    ["a TIFF of 64-bit floating-point numbers", { bits: 64, format: 3, value: ramp(0, 1) }],
    ["a TIFF of 16-bit floating-point numbers", { bits: 16, format: 3, value: () => 0x3c00 }],
    ["a TIFF of 16-bit signed whole numbers", { bits: 16, format: 2, value: (at) => at }],
    ["a TIFF of 64-bit whole numbers", { bits: 64, format: 1, value: () => 0 }],
    ["a TIFF of 64-bit complex numbers", { bits: 64, format: 6, value: () => 0 }],
    ["a TIFF of 4 channels for 1", { channels: 4, photometric: 1, value: () => 0 }],
    ["a TIFF of 7 channels for 3", { channels: 7, photometric: 2, value: () => 0 }],
  ])("%s", async (name, tiff) => {
    await expect(decodePicture(makeTiff(tiff), grey)).rejects.toMatchObject({
      code: "IMAGE_UNREADABLE",
      received: name,
      hint: expect.stringContaining("8 bits a channel"),
    });
  });

  it.each<[string, TiffOptions["fields"]]>([
    ["a TIFF in JPEG 2000 coding", [[259, 3, [34712]]]],
    ["a TIFF in Zstandard coding", [[259, 3, [50000]]]],
    ["a TIFF of 12 bits a channel", [[258, 3, [12]]]],
  ])("%s", async (name, fields = []) => {
    await expect(decodePicture(makeTiff({ value: (at) => at, fields }), grey)).rejects.toMatchObject({
      received: name,
    });
  });
});
