import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import { fingerprintBytes, hashBits } from "../image/perceptual-hash.ts";
import { findNearDuplicates, groupPairs } from "./near-duplicates.ts";

const random = createRandom("near-duplicates");

function randomPrint(): Uint8Array {
  return Uint8Array.from({ length: fingerprintBytes }, () => random.integer(256));
}

/** The same with `count` bits of the hash flipped. */
function flipped(print: Uint8Array, count: number): Uint8Array {
  const copy = print.slice();
  for (const bit of random.permutation(hashBits).subarray(0, count)) copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

describe("near-duplicates", () => {
  it("finds every pair with up to 7 differing bits among thousands that differ, and no other", () => {
    const prints: Uint8Array[] = Array.from({ length: 3000 }, randomPrint);
    const planted = Array.from({ length: 200 }, (_, at) => {
      const bits = at % 8;
      prints.push(flipped(prints[at]!, bits));
      return { a: at, b: prints.length - 1, distance: bits };
    });
    expect(findNearDuplicates(prints)).toEqual(planted);
  });

  it("passes pictures over that have no fingerprint", () => {
    const print = randomPrint();
    expect(findNearDuplicates([undefined, print, undefined, print])).toEqual([{ a: 1, b: 3, distance: 0 }]);
  });

  it("does not take pictures with the same shapes in other colours for one", () => {
    const print = randomPrint();
    const recoloured = print.map((value, at) => (at < hashBits / 8 ? value : 255 - value));
    expect(findNearDuplicates([print, recoloured])).toEqual([]);
  });

  it("stays quick where thousands are all the same, and still joins them to one group", () => {
    const print = randomPrint();
    const prints = Array.from({ length: 5000 }, (_, at) => flipped(print, at % 3));
    const pairs = findNearDuplicates(prints);
    // A few for each picture, not one for each two of them.
    expect(pairs.length).toBeLessThan(5000 * 8);
    expect(groupPairs(prints.length, pairs)).toEqual([prints.map((_, at) => at)]);
  });
});

describe("groups of pairs", () => {
  it("joins what is connected through others, in ascending order", () => {
    const pairs = [
      { a: 5, b: 7 },
      { a: 1, b: 5 },
      { a: 2, b: 3 },
    ];
    expect(groupPairs(9, pairs)).toEqual([
      [1, 5, 7],
      [2, 3],
    ]);
  });

  it("is empty without pairs", () => {
    expect(groupPairs(4, [])).toEqual([]);
  });
});
