import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, flattenNumbers, readJsonPicture } from "./read-picture-json.ts";

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

describe("nested numbers", () => {
  it("are taken in their order, up to four deep", () => {
    expect([...flattenNumbers([[[[1], [2]]], [[[3], [4]]]], "image")]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    [[[1, 2], [3]], "image[1]", "a list of 2, like its neighbours; got a list of 1"],
    [[[1, 2], 3], "image[1]", "a list of 2"],
    [[1, [2]], "image[1]", "a number"],
    [[[1, "2"]], "image[0][1]", "a string"],
    [[[1, null]], "image[0][1]", "null"],
    [[[]], "image[0]", "an empty list"],
    [[[[[[1]]]]], "image", "at most 4 deep"],
  ])("refuses %j and says where", (value, where, text) => {
    let thrown: unknown;
    try {
      flattenNumbers(value, "image");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "REQUEST_INVALID", where });
    expect((thrown as Error).message).toContain(text);
  });

  it("survive a list deep enough to break a stack", () => {
    let deep: unknown = [1];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(() => flattenNumbers(deep as unknown[], "image")).toThrow(/at most 4 deep/);
  });
});

it.each([null, 1, {}, true, undefined])("takes no picture from %j", (value) => {
  expect(() => readJsonPicture(value, "image")).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", where: "image" }),
  );
});
