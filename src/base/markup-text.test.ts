import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeText, wellFormedText } from "./markup-text.ts";

describe("text in markup", () => {
  it("lets no text out of its place, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escapeText(text)).not.toMatch(/[<>"'`]|&(?!#\d+;)/);
      }),
    );
  });

  it("replaces characters that XML cannot hold", () => {
    expect(wellFormedText("a\u0000b\u001bc\ud800d\ufffee\tf\n🐈")).toBe("a�b�c�d�e\tf\n🐈");
  });
});
