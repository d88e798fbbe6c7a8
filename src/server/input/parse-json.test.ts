import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { drawSamplePicture } from "../../image/sample-pictures.ts";
import { parseJson } from "./parse-json.ts";

it("refuses what is no JSON by its size alone: no word of the body stands in the error", () => {
  const bytes = Buffer.from('{"password": secret}');
  let thrown: unknown;
  try {
    parseJson(bytes);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    code: "REQUEST_INVALID",
    message: `Expected valid JSON; got ${bytes.length} bytes of something else (body)`,
  });
  expect(JSON.stringify(thrown)).not.toContain("secret");
  expect(() => parseJson(Buffer.alloc(0))).toThrow("Expected valid JSON; got an empty body (body)");
});

it("reads its own bytes where they are a part of a larger buffer", () => {
  const all = Buffer.from('xx{"a":1}yy');
  expect(parseJson(all.subarray(2, 9))).toEqual({ a: 1 });
});

it("passes over a byte order mark", () => {
  expect(parseJson(Buffer.from('\ufeff{"a":"\u00e9"}'))).toEqual({ a: "\u00e9" });
  expect(() => parseJson(Buffer.from("\ufeff"))).toThrow("got 3 bytes of something else");
});

const utf16 = (text: string) => Buffer.from(text, "utf16le");
const utf32 = (text: string) => Buffer.from(Uint32Array.from(text, (one) => one.codePointAt(0)!).buffer);

it.each([
  ["UTF-16", utf16('\ufeff{"a":1}')],
  ["UTF-16", utf16('{"a":1}')],
  ["UTF-16", utf16('\ufeff{"a":1}').swap16()],
  ["UTF-16", utf16('{"a":1}').swap16()],
  ["UTF-32", utf32('\ufeff{"a":1}')],
  ["UTF-32", utf32('{"a":1}')],
  ["UTF-32", utf32('\ufeff{"a":1}').swap32()],
  ["UTF-32", utf32('{"a":1}').swap32()],
] as const)("names the encoding of JSON in %s (%#)", (encoding, bytes) => {
  expect(() => parseJson(bytes)).toThrow(
    expect.objectContaining({
      message: `Expected valid JSON; got text in ${encoding} (body)`,
      hint: "send JSON in UTF-8",
    }),
  );
});

it("names gzip and picture files, and what to send instead", async () => {
  expect(() => parseJson(gzipSync('{"a":1}'))).toThrow(
    expect.objectContaining({
      received: "bytes compressed with gzip",
      hint: "send the header content-encoding: gzip with them",
    }),
  );
  const picture = await drawSamplePicture({ label: "cat", seed: 1, sizePx: 16 });
  expect(() => parseJson(picture)).toThrow(
    expect.objectContaining({
      received: "a picture file",
      hint: "send it with its own content type, such as image/jpeg",
    }),
  );
});
