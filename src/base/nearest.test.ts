import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, hintForName, nearestName } from "./nearest.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["epochs", "", 6],
    ["kitten", "sitting", 3],
    ["epcohs", "epochs", 1],
    ["ca", "abc", 3],
  ])("of %o and %o is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is symmetric, zero only for equal texts, and never more than the longer length", () => {
    const text = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        return (
          distance === editDistance(b, a) && (distance === 0) === (a === b) && distance <= Math.max(a.length, b.length)
        );
      }),
      { seed: 1 },
    );
  });
});

describe("nearestName", () => {
  const flags = ["epochs", "batch-size", "learning-rate", "seed"];

  it.each([
    ["epocs", "epochs"],
    ["EPOCHS", "epochs"],
    ["batchsize", "batch-size"],
    ["learn", "learning-rate"],
    ["sede", "seed"],
  ])("takes %s for %s", (typed, meant) => {
    expect(nearestName(typed, flags)).toBe(meant);
  });

  it.each(["x", "quantize", ""])("finds nothing near %o", (typed) => {
    expect(nearestName(typed, flags)).toBeUndefined();
  });

  it("prefers the smaller distance, then the first", () => {
    expect(nearestName("modes", ["nodes", "mode", "models"])).toBe("nodes");
    expect(nearestName("models", ["model", "models"])).toBe("models");
  });
});

describe("hintForName", () => {
  it("asks for the nearest name, with its prefix", () => {
    expect(hintForName("epocs", ["epochs", "seed"], "--")).toBe("did you mean --epochs?");
  });

  it("lists a few known names where none is near, and is silent for many", () => {
    expect(hintForName("zzz", ["epochs", "seed"], "--")).toBe("known: --epochs, --seed");
    expect(hintForName("zzz", [])).toBeUndefined();
    expect(
      hintForName(
        "zzz",
        Array.from({ length: 13 }, (_, i) => `name${i}`),
      ),
    ).toBeUndefined();
  });
});
