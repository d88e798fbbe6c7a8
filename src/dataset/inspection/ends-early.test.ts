import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { type PictureFormat, sniffFormat } from "../../image/index.ts";
import { endsEarly } from "./ends-early.ts";

const formats: readonly PictureFormat[] = ["jpeg", "png", "gif", "webp", "tiff", "avif"];

function picture(): Sharp {
  const noise = { type: "gaussian", mean: 120, sigma: 40 } as const;
  return sharp({ create: { width: 64, height: 48, channels: 3, background: "#808080", noise } });
}

describe.each(formats)("a %s file", (format) => {
  it("is whole as it was written", async () => {
    expect(endsEarly(await picture().toFormat(format).toBuffer(), format)).toBe(false);
  });

  it("ends early wherever it is cut", async () => {
    const bytes = await picture().toFormat(format).toBuffer();
    const lengths = Array.from({ length: 60 }, (_, at) => Math.floor((bytes.length * (at + 1)) / 61));
    const cut = [...lengths, bytes.length - 3].filter((length) => sniffFormat(bytes.subarray(0, length)) === format);
    expect(cut.length).toBeGreaterThan(50);
    expect(cut.filter((length) => !endsEarly(bytes.subarray(0, length), format))).toEqual([]);
  });

  it("does not end early where bytes in its middle are damaged", async () => {
    const bytes = await picture().toFormat(format).toBuffer();
    bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 8);
    expect(endsEarly(bytes, format)).toBe(false);
  });
});

describe("a file that goes on behind its end", () => {
  it("is whole", async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const animated = await sharp([await picture().png().toBuffer(), await picture().png().toBuffer()], {
      join: { animated: true },
    })
      .gif()
      .toBuffer();
    expect(endsEarly(Buffer.concat([jpeg, Buffer.alloc(100)]), "jpeg")).toBe(false);
    expect(endsEarly(Buffer.concat([animated, Buffer.alloc(3)]), "gif")).toBe(false);
  });

  it("ends early where its second half is only zeros, as an unfinished download leaves it", async () => {
    const jpeg = await picture().jpeg().toBuffer();
    jpeg.fill(0, jpeg.length >> 1);
    expect(endsEarly(jpeg, "jpeg")).toBe(true);
  });
});

describe("a TIFF", () => {
  it.each([
    ["in tiles", () => picture().tiff({ tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer()],
    ["in strips", () => picture().tiff({ compression: "lzw" }).toBuffer()],
  ])("ends early where its last pixels %s are missing", async (_, make) => {
    const bytes = await make();
    expect(endsEarly(bytes, "tiff")).toBe(false);
    expect(endsEarly(bytes.subarray(0, bytes.length - 40), "tiff")).toBe(true);
  });
});
