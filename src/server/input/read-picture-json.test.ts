import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, readJsonPicture } from "./read-picture-json.ts";

describe("base64", () => {
  it("gives back any bytes, padded or not, with line breaks, as text or data URL", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        for (const form of [
          text,
          text.replace(/=+$/, ""),
          text.replace(/(.{4})/g, "$1\r\n"),
          `data:image/png;base64,${text}`,
        ]) {
          expect([...decodeBase64(form, "image")]).toEqual([...bytes]);
        }
      }),
    );
  });

  it.each([
    "",
    "data:,",
    "data:image/png,abc",
    "data:image/png;base64,",
    "a",
    "AAAAA",
    "AA=A",
    "héllo",
    "AA AA",
    "AAAA===",
    "-_-_",
  ])("refuses %j", (text) => {
    expect(() => decodeBase64(text, "images[3]")).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID", where: "images[3]" }),
    );
  });
});

it.each([null, 1, {}, true, undefined])("takes no picture from %j", (value) => {
  expect(() => readJsonPicture(value, "image")).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", where: "image" }),
  );
});
