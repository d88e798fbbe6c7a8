import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import { endsEarly } from "./ends-early.ts";
import { declaredSize, type PictureFormat, sniffFormat } from "./format.ts";

const formats = ["jpeg", "png", "gif", "webp", "tiff", "avif"] as const satisfies readonly PictureFormat[];

const random = createRandom(1);
const noise = Uint8Array.from({ length: 64 * 48 * 3 }, () => 40 + random.integer(160));

function picture(): Sharp {
  return sharp(noise, { raw: { width: 64, height: 48, channels: 3 } });
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

it("an AVIF ends early also where it is cut between its boxes", async () => {
  const bytes = await picture().avif().toBuffer();
  const cuts: number[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) cuts.push(at);
  expect(cuts.length).toBeGreaterThan(2);
  expect(cuts.slice(1).map((at) => endsEarly(bytes.subarray(0, at), "avif"))).toEqual(cuts.slice(1).map(() => true));
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

it("walks no more parts than whole files have: a file of millions of empty ones is neither sized nor cut", () => {
  const parts = 60_000;
  const of = (start: string, part: string): Uint8Array => Buffer.from(start + part.repeat(parts), "latin1");
  // A frame header behind them would say 256 x 256.
  const frame = Buffer.from("\xff\xc0\0\x0b\x08\x01\0\x01\0\x01\x01\x11\0", "latin1");
  expect(declaredSize(Buffer.concat([of("\xff\xd8", "\xff\xe0\0\x02"), frame]))).toBeUndefined();
  expect(declaredSize(of("GIF89a\x01\0\x01\0\0\0\0", "!\xfe\x01a\0"))).toBeUndefined();
  expect(endsEarly(of("\xff\xd8", "\xff\xe0\0\x02"), "jpeg")).toBe(false);
  expect(endsEarly(of("\x89PNG\r\n\x1a\n", "\0\0\0\0IDAT\x35\xaf\x06\x1e"), "png")).toBe(false);
  expect(endsEarly(of("GIF89a\x01\0\x01\0\0\0\0", "!\xfe\x01a\0"), "gif")).toBe(false);
  expect(endsEarly(of("\0\0\0\x14ftypavif\0\0\0\0avif", "\0\0\0\x08free"), "avif")).toBe(false);
});
