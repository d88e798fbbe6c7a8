import { constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { contentCodingOf, unpackBody } from "./content-encoding.ts";

describe("the header", () => {
  it.each([
    [undefined, undefined],
    ["", undefined],
    ["identity", undefined],
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    [" identity, gzip ", "gzip"],
    ["deflate", "deflate"],
  ])("%j means %j", (header, coding) => {
    expect(contentCodingOf(header)).toBe(coding);
  });

  it.each(["br", "zstd", "compress", "gzip, gzip", "deflate, gzip", "x".repeat(1000)])("%j is refused", (header) => {
    expect(() => contentCodingOf(header)).toThrow(
      expect.objectContaining({
        code: "MEDIA_TYPE_UNSUPPORTED",
        message: `Expected gzip or deflate, or no compression; got ${JSON.stringify(header.slice(0, 80))} (content-encoding)`,
      }),
    );
  });
});

describe("a body", () => {
  const text = Buffer.from('{"image":[1,2,3]}'.repeat(50));

  it("is unpacked from gzip, zlib's stream and a bare deflate stream", async () => {
    expect(await unpackBody(gzipSync(text), "gzip", 1e6)).toEqual(text);
    expect(await unpackBody(deflateSync(text), "deflate", 1e6)).toEqual(text);
    expect(await unpackBody(deflateRawSync(text), "deflate", 1e6)).toEqual(text);
    expect(await unpackBody(gzipSync(Buffer.alloc(0)), "gzip", 1e6)).toHaveLength(0);
    expect(await unpackBody(gzipSync(text, { level: constants.Z_NO_COMPRESSION }), "gzip", text.length)).toEqual(text);
  });

  it("of another kind, damaged or cut off is refused by its size alone", async () => {
    const packed = gzipSync(text);
    const cases = [
      [text, `${text.length} bytes of something else`],
      [deflateSync(text), "bytes of something else"],
      [packed.map((byte, at) => (at === 30 ? byte ^ 255 : byte)), "bytes of something else"],
      [packed.subarray(0, packed.length - 9), "bytes of a stream that is cut off"],
      [Buffer.alloc(0), "0 bytes of a stream that is cut off"],
    ] as const;
    for (const [bytes, received] of cases) {
      await expect(unpackBody(bytes, "gzip", 1e6)).rejects.toMatchObject({
        code: "REQUEST_INVALID",
        required: "a complete gzip stream, as content-encoding says",
        received: expect.stringContaining(received),
        where: "body",
      });
    }
    await expect(unpackBody(text, "deflate", 1e6)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });

  it("is unpacked up to the limit, and no further", async () => {
    expect(await unpackBody(gzipSync(text), "gzip", text.length)).toEqual(text);
    await expect(unpackBody(gzipSync(text), "gzip", text.length - 1)).rejects.toMatchObject({
      code: "REQUEST_TOO_LARGE",
      message: `Expected a body of at most ${text.length - 1} bytes after unpacking; got more of them (body)`,
    });
    const bomb = gzipSync(Buffer.alloc(2 ** 28));
    const timeOf = async (limit: number) => {
      const started = performance.now();
      await expect(unpackBody(bomb, "gzip", limit)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
      return performance.now() - started;
    };
    const nearlyWhole = await timeOf(2 ** 28 - 1);
    expect(await timeOf(2 ** 20)).toBeLessThan(nearlyWhole / 4);
  });
});
