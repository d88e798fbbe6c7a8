import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "../../../base/errors.ts";
import { sha256 } from "../../../base/hash.ts";
import { scanPicture } from "./scan-picture.ts";

const plain = (width = 40, height = 30): Sharp =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 64, b: 16 } } });

const scan = (bytes: Uint8Array | (() => Promise<Uint8Array>), id = "cat/a.jpg") =>
  scanPicture({
    id,
    label: "cat",
    stamp: "",
    sizeBytes: 0,
    bytes: typeof bytes === "function" ? bytes : async () => bytes,
  });

describe("the facts of a picture", () => {
  it("say what it is and how it looks", async () => {
    const bytes = await plain().png().toBuffer();
    const { facts, fault, spread } = await scan(bytes, "cat/a.png");
    expect(fault).toBeUndefined();
    expect(spread).toBe(0);
    expect(facts).toEqual({
      id: "cat/a.png",
      label: "cat",
      sizeBytes: bytes.length,
      hash: sha256(bytes),
      decoded: {
        format: "png",
        width: 40,
        height: 30,
        mode: "rgb",
        bits: 8,
        hasAlpha: false,
        frames: 1,
        orientation: 1,
        brightness: expect.closeTo(0.299 * 200 + 0.587 * 64 + 0.114 * 16, 6),
        contrast: expect.closeTo(0, 3),
        colourfulness: 184,
        meanColour: [200, 64, 16],
      },
    });
  });

  it.each<[string, () => Promise<Buffer>, object]>([
    ["a rotated JPEG", () => plain().withMetadata({ orientation: 6 }).jpeg().toBuffer(), { width: 30, orientation: 6 }],
    ["a large one", () => plain(900, 300).jpeg().toBuffer(), { width: 900, height: 300, colourfulness: 184 }],
    ["CMYK", () => plain().toColourspace("cmyk").jpeg().toBuffer(), { mode: "cmyk", bits: 8 }],
    ["16 bits", () => plain().toColourspace("rgb16").png().toBuffer(), { mode: "rgb", bits: 16 }],
    ["grey", () => plain().toColourspace("b-w").png().toBuffer(), { mode: "grey", colourfulness: 0 }],
    ["grey of 16 bits", () => plain().toColourspace("grey16").png().toBuffer(), { mode: "grey", bits: 16 }],
    ["an opaque alpha channel", () => plain().ensureAlpha(1).png().toBuffer(), { hasAlpha: false }],
    ["a transparent one", () => plain().ensureAlpha(0).png().toBuffer(), { hasAlpha: true, brightness: 255 }],
  ])("tell %s", async (_, make, expected) => {
    expect((await scan(await make())).facts.decoded).toMatchObject(expected);
  });

  it("count frames and pages", async () => {
    const join = await Promise.all([plain().png().toBuffer(), plain().negate().png().toBuffer()]);
    const animated = sharp(join, { join: { animated: true } });
    for (const format of ["gif", "webp", "tiff"] as const) {
      const { facts } = await scan(await animated.clone().toFormat(format).toBuffer());
      expect(facts.decoded).toMatchObject({ format, frames: 2, width: 40, height: 30 });
    }
  });

  it("are taken of pixels without a file, whatever their size", async () => {
    for (const side of [20, 200]) {
      const pixels = new Uint8Array(side * side).fill(50);
      const image = { width: side, height: side, channels: 1, pixels } as const;
      const { facts } = await scanPicture({ id: "t#0", label: "3", split: "test", stamp: "", image });
      expect(facts).toMatchObject({ id: "t#0", split: "test", sizeBytes: side * side, hash: sha256(pixels) });
      expect(facts.decoded).toMatchObject({ format: "pixels", mode: "grey", width: side, meanColour: [50, 50, 50] });
    }
  });
});

describe("a file that cannot be used", () => {
  it.each<[string, () => Promise<Buffer> | Buffer, string, string | RegExp]>([
    ["is empty", () => Buffer.alloc(0), "empty-file", "an empty file"],
    ["is a page", () => Buffer.from("<html></html>"), "not-a-picture", "a web page, not the picture"],
    [
      "is a picture in another format",
      () => Buffer.from("8BPS, and more"),
      "unread-format",
      /^a Photoshop document \(PSD\)$/,
    ],
    [
      "was not fetched",
      () => Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
      "pointer-file",
      "a Git LFS pointer, not the picture",
    ],
    [
      "is cut off",
      async () => (await plain(90, 90).jpeg().toBuffer()).subarray(0, -60),
      "truncated",
      /^a JPEG of \d+ B that ends before the picture does$/,
    ],
    [
      "is damaged",
      async () => {
        const png = await plain().png().toBuffer();
        png[png.length - 30]! ^= 0xff;
        return png;
      },
      "corrupt",
      "a PNG with a wrong checksum in its IDAT chunk at byte 54",
    ],
  ])("%s", async (_, make, kind, detail) => {
    const { facts, fault, fingerprint } = await scan(await make());
    expect(fault).toMatchObject({ kind, detail: expect.stringMatching(detail) });
    expect(facts.decoded).toBeUndefined();
    expect(fingerprint).toBeUndefined();
  });

  it.each<[ErrorCode, string]>([
    ["IMAGE_SIZE", "too-many-pixels"],
    ["IMAGE_UNREADABLE", "corrupt"],
    ["FILE_READ_FAILED", "unreadable-file"],
    ["FILE_NOT_FOUND", "unreadable-file"],
  ])("could not be read: %s", async (code, kind) => {
    const { facts, fault } = await scan(() => Promise.reject(new AppError(code, { required: "x", received: "y" })));
    expect(fault?.kind).toBe(kind);
    expect(facts).toMatchObject({ hash: "", sizeBytes: 0 });
  });

  it("ends the work where the whole source changed", async () => {
    const changed = new AppError("SOURCE_CHANGED", { required: "x" });
    await expect(scan(() => Promise.reject(changed))).rejects.toBe(changed);
  });
});

describe("a JPEG that its decoder mends", () => {
  it("is used, and the complaint kept", async () => {
    const noise = { type: "gaussian", mean: 120, sigma: 40 } as const;
    const jpeg = await sharp({ create: { width: 80, height: 80, channels: 3, background: "#888", noise } })
      .jpeg()
      .toBuffer();
    const at = jpeg.length >> 1;
    const patched = Buffer.concat([jpeg.subarray(0, at), Buffer.from("ffd3", "hex"), jpeg.subarray(at)]);
    const { fault, complaint, facts } = await scan(patched);
    expect(fault).toBeUndefined();
    expect(complaint).toBe("damage that the decoder passed over");
    expect(facts.decoded).toMatchObject({ width: 80 });
    expect((await scan(jpeg)).complaint).toBeUndefined();
  });
});
