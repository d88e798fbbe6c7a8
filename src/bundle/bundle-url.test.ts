import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { isBundleUrl, parseBundleUrl } from "./bundle-url.ts";

const hex = "0123456789abcdef".repeat(4);

describe("a bundle's URL", () => {
  it("is told from paths and from addresses of models", () => {
    expect(["https://a/b.onnx", "HTTP://a/b", "https:b"].map(isBundleUrl)).toEqual([true, true, true]);
    expect(["models/b.onnx", "models:/pets@champion", "s3://a/b", "https", "C:/https:/x"].some(isBundleUrl)).toBe(
      false,
    );
  });

  it("is what is asked for, the hash, and the model's file name", () => {
    expect(parseBundleUrl(`https://Host.example:8443/a/my%20pets.onnx?v=1#sha256=${hex.toUpperCase()}`)).toEqual({
      url: "https://host.example:8443/a/my%20pets.onnx?v=1",
      sha256: hex,
      shown: `https://host.example:8443/a/my%20pets.onnx?...#sha256=${hex}`,
      fileName: "my pets.onnx",
    });
  });

  it("does not show user, password and query", () => {
    const parsed = parseBundleUrl(`https://me:p%40ss@host/pets.onnx?signature=secret#sha256=${hex}`);
    expect(parsed.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
    expect(parsed.url).toBe("https://host/pets.onnx?signature=secret");
    expect(parsed.shown).toBe(`https://host/pets.onnx?...#sha256=${hex}`);
  });

  it.each([
    ["https://me:secret@host/pets.onnx?token=secret", /one without #sha256= \(https:\/\/host\/pets\.onnx\?\.\.\.\)/],
    ["http://host/pets.onnx", /one without #sha256=/],
    ["https://host/pets.onnx#sha256=12ab", /not followed by 64 hexadecimal digits/],
    [`https://host/pets.onnx#md5=${hex}`, /not followed by 64 hexadecimal digits/],
    [`https:pets.onnx#sha256=${hex}`, /no address of that form/],
    [`https://me:secret@:x/#sha256=${hex}`, /no address of that form/],
  ])("is refused with the form that it must have: %s", (text, message) => {
    const failure = failureOf(() => parseBundleUrl(text));
    expect(failure.code).toBe("MODEL_SOURCE_INVALID");
    expect(failure.message).toContain("https://HOST/NAME.onnx#sha256=HEX");
    expect(failure.message).toMatch(message);
    expect(JSON.stringify(failure)).not.toContain("secret");
  });
});
