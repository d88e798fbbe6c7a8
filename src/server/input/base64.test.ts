import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeBase64 } from "./base64.ts";

it("gives back any bytes: padded or not, URL-safe, in lines, with blanks around it, as text or data URL", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      const text = buffer.toString("base64");
      for (const form of [
        text,
        text.replace(/=+$/, ""),
        buffer.toString("base64url"),
        text.replaceAll("+", "-").replaceAll("/", "_"),
        text.replace(/(.{4})/g, "$1\r\n"),
        text.replace(/(.{4})/g, "$1\n    "),
        ` ${text}\n`,
        `\t${text}  `,
        `data:image/png;base64,${text}`,
        ` data:image/png;base64, ${text} `,
        `DATA:;BASE64,${text}`,
      ]) {
        expect([...decodeBase64(form, "image")]).toEqual([...bytes]);
      }
    }),
  );
});

const viaForm = "a + becomes a blank where a text passes through a form or URL: write %2B there";
const python = "the text has quotation marks of its own; from Python, send base64.b64encode(data).decode()";
const padding = "padding stands at the end only, at most twice: send one picture in each text";
const percent = "the text is percent-encoded: decode it first";

it.each([
  ["", "an empty text", undefined],
  [" \n ", "an empty text", undefined],
  ["data:image/png;base64,", "an empty text", undefined],
  ["AA AA", "a blank at position 2", viaForm],
  ["  AA AA", "a blank at position 4", viaForm],
  ["AAAA\n  AAAA\n  AA A", "a blank at position 16", viaForm],
  ["AAAA\tAAAA", 'the character "\\t" at position 4', undefined],
  ["AAA%2B", 'the character "%" at position 3', percent],
  ["AA=A", 'the character "=" at position 2', padding],
  ["AAAA===", 'the character "=" at position 4', padding],
  ["AA==\nAA==", 'the character "=" at position 2', padding],
  ["b'AAAA'", `the character "'" at position 1`, python],
  ['"AAAA"', 'the character "\\"" at position 0', python],
  ["data:image/png;base64,AA*A", 'the character "*" at position 24', undefined],
  ["h\u00e9llo", 'the character "\u00e9" at position 1', undefined],
  ["AAAA\u{1f600}", 'the character "\u{1f600}" at position 4', undefined],
  ["AA\0A", 'the character "\\u0000" at position 2', undefined],
  ["cat.jpg", 'the character "." at position 3', undefined],
])("names what does not belong into %j", (text, received, hint) => {
  expect(() => decodeBase64(text, "images[3]")).toThrow(
    expect.objectContaining({
      code: "REQUEST_INVALID",
      message: `Expected a picture file as base64; got ${received} (images[3])`,
      hint,
    }),
  );
});

it.each(["A", "AAAAA", "AAAA\nA", "-_-_-", "AAAAA="])("says of %j that it was cut off", (text) => {
  const { length } = text.replace(/[\n=]/g, "");
  expect(() => decodeBase64(text, "image")).toThrow(
    expect.objectContaining({
      received: `${length} characters, which end within a byte`,
      hint: expect.stringContaining("cut off"),
    }),
  );
});

it.each(["data:,", "data:image/png,abc", "data:abc", "data:image/png;base64"])(
  "refuses %j, a data URL without base64",
  (text) => {
    expect(() => decodeBase64(text, "image")).toThrow("Expected a data URL with ;base64,; got");
  },
);

it("says what is wrong in a bounded text and time, however long the text is", () => {
  for (const text of [
    `${"A".repeat(2 ** 22)}*`,
    " ".repeat(2 ** 22),
    `A${" ".repeat(2 ** 22)}A`,
    `\n${"\n ".repeat(2 ** 20)}*`,
  ]) {
    const started = performance.now();
    let thrown: unknown;
    try {
      decodeBase64(text, "image");
    } catch (error) {
      thrown = error;
    }
    expect(JSON.stringify(thrown).length).toBeLessThan(400);
    expect(performance.now() - started).toBeLessThan(2000);
  }
});
