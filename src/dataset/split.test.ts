import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../base/hash.ts";
import { assignSplits, minimumPerClass, planSplits, type SplitPicture } from "./split.ts";

const plan = planSplits(new Set());
const pictureOf = (content: number, label = "cat"): SplitPicture => ({
  hash: sha256(`${content}`),
  label,
  given: undefined,
});
const many = (count: number, label = "cat", from = 0): SplitPicture[] =>
  Array.from({ length: count }, (_, at) => pictureOf(from + at, label));

/**
 * Sets of 60 and more different pictures a class: there the hash alone fills every split nearly
 * always (1 - 2 * 0.9^60 = 0.996).
 */
const contents = fc.uniqueArray(fc.nat(1_000_000), { minLength: 60, maxLength: 150 });
const isFilledByHash = (pictures: readonly SplitPicture[]): boolean => {
  const strict = assignSplits(pictures, plan);
  return (["train", "val", "test"] as const).every((split) => strict.filter((side) => side === split).length > 1);
};

describe("the split of a picture", () => {
  it("stays when others are added, whatever their order", () => {
    fc.assert(
      fc.property(contents, contents, fc.nat(), (first, more, turn) => {
        const old = first.map((content) => pictureOf(content));
        fc.pre(isFilledByHash(old));
        const added = more.map((content) => pictureOf(content + 2_000_000));
        const all = [...added, ...old];
        const at = turn % all.length;
        const turned = [...all.slice(at), ...all.slice(0, at)];
        const sideOf = new Map(assignSplits(turned, plan).map((side, index) => [turned[index]!.hash, side]));
        expect(old.map(({ hash }) => sideOf.get(hash))).toEqual(assignSplits(old, plan));
      }),
      { numRuns: 40 },
    );
  });

  it("is that of its exact copies", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(8), { minLength: 12, maxLength: 60 }), (copies) => {
        fc.pre(new Set(copies).size >= 3);
        const pictures = copies.map((content) => pictureOf(content));
        const sides = assignSplits(pictures, plan);
        const sideOf = new Map<string, Set<string>>();
        pictures.forEach(({ hash }, at) => {
          sideOf.set(hash, (sideOf.get(hash) ?? new Set()).add(sides[at]!));
        });
        expect([...sideOf.values()].every((seen) => seen.size === 1)).toBe(true);
      }),
    );
  });

  it("follows from its bytes and the salt, not from its class mates", () => {
    const sides = assignSplits(many(1000), plan, { salt: "a" });
    expect(assignSplits([...many(1000), ...many(500, "dog", 5000)], plan, { salt: "a" }).slice(0, 1000)).toEqual(sides);
    expect(assignSplits(many(1000), plan, { salt: "b" })).not.toEqual(sides);
  });

  it("keeps the proportions within chance", () => {
    const sides = assignSplits(many(10_000), planSplits(new Set(), { train: 0.7, val: 0.1, test: 0.2 }));
    const count = (split: string): number => sides.filter((side) => side === split).length;
    // Four standard deviations of a binomial draw: 4 * sqrt(10,000 * p * (1 - p)).
    expect(Math.abs(count("test") - 2000)).toBeLessThan(160);
    expect(Math.abs(count("val") - 1000)).toBeLessThan(120);
  });

  it("stays in test when the share of val changes", () => {
    const tests = (val: number): number[] => {
      const sides = assignSplits(many(2000), planSplits(new Set(), { train: 0.9 - val, val, test: 0.1 }));
      return sides.flatMap((side, at) => (side === "test" ? [at] : []));
    };
    expect(tests(0.3)).toEqual(tests(0.1));
  });
});

describe("a small class", () => {
  it("has a picture in every split, always the same one", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1_000_000), { minLength: 3, maxLength: 12 }), (few) => {
        const pictures = few.map((content) => pictureOf(content));
        const sides = assignSplits(pictures, plan);
        expect(new Set(sides)).toEqual(new Set(["train", "val", "test"]));
        expect(assignSplits(pictures.toReversed(), plan).toReversed()).toEqual(sides);
      }),
    );
  });

  it("is refused below one different picture for each split", () => {
    const copies = [pictureOf(1), pictureOf(1), pictureOf(1), pictureOf(2)];
    expect(() => assignSplits([...many(10, "dog"), ...copies], plan)).toThrowError(
      expect.objectContaining({
        code: "DATASET_CLASS_TOO_SMALL",
        message: "Expected at least 3 different pictures of each class, one for each split; got 2 of class 'cat'",
      }),
    );
  });

  it("needs no picture for a split that is not wanted", () => {
    const noVal = planSplits(new Set(), { train: 0.5, val: 0, test: 0.5 });
    expect(minimumPerClass(noVal)).toBe(2);
    expect(new Set(assignSplits(many(2), noVal))).toEqual(new Set(["train", "test"]));
  });
});

describe("the split of each class", () => {
  it("is within chance of the wanted shares, for every class, salt and proportion", () => {
    const shares = fc.record({
      val: fc.double({ min: 0.05, max: 0.3, noNaN: true }),
      test: fc.double({ min: 0.05, max: 0.3, noNaN: true }),
    });
    fc.assert(
      fc.property(shares, fc.string(), fc.integer({ min: 200, max: 800 }), ({ val, test }, salt, size) => {
        const wanted = planSplits(new Set(), { train: 1 - val - test, val, test });
        const pictures = [...many(size, "cat"), ...many(size * 2, "dog", 10_000)];
        const sides = assignSplits(pictures, wanted, { salt });
        for (const label of ["cat", "dog"]) {
          const own = sides.filter((_, at) => pictures[at]!.label === label);
          for (const split of ["val", "test"] as const) {
            const share = own.filter((side) => side === split).length / own.length;
            // Five standard deviations: one of the 400 comparisons here misses it once in 4,000
            // runs of this test.
            const tolerance = 5 * Math.sqrt((wanted[split] * (1 - wanted[split])) / own.length);
            expect(Math.abs(share - wanted[split])).toBeLessThan(tolerance);
          }
        }
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

describe("folds", () => {
  const folds = (count: number, pictures: readonly SplitPicture[], salt?: string) =>
    Array.from({ length: count }, (_, index) =>
      assignSplits(pictures, planSplits(new Set(), undefined, { index, count }), salt === undefined ? {} : { salt }),
    );

  it("put each picture outside test into val exactly once, and leave test as it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.string(), (count, salt) => {
        const pictures = many(300);
        const all = folds(count, pictures, salt);
        const plain = assignSplits(pictures, plan, { salt });
        pictures.forEach((_, at) => {
          const sides = all.map((sidesOfFold) => sidesOfFold[at]);
          const expected =
            plain[at] === "test" ? Array(count).fill("test") : ["val", ...Array(count - 1).fill("train")];
          expect(sides.toSorted()).toEqual(expected.toSorted());
        });
      }),
      { numRuns: 30 },
    );
  });

  it("are about equally large", () => {
    for (const sides of folds(5, many(5000))) {
      // 900 expected (a fifth of what the tenth for test leaves); five standard deviations are 136.
      expect(Math.abs(sides.filter((side) => side === "val").length - 900)).toBeLessThan(136);
    }
  });

  it("are refused where they are none of their count, where val is given, and for classes smaller than the count", () => {
    const refused = (index: number, count: number) => () => planSplits(new Set(), undefined, { index, count });
    for (const call of [refused(5, 5), refused(-1, 5), refused(0, 1), refused(0.5, 3)]) {
      expect(call).toThrowError(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
    expect(() => planSplits(new Set(["val"] as const), undefined, { index: 0, count: 5 })).toThrowError(/val/);
    const fifth = planSplits(new Set(), undefined, { index: 0, count: 5 });
    expect(() => assignSplits(many(5), fifth)).toThrowError(
      expect.objectContaining({ code: "DATASET_CLASS_TOO_SMALL" }),
    );
  });
});

describe("splits that the source gives", () => {
  const given = (pictures: readonly SplitPicture[], split: "train" | "val" | "test"): SplitPicture[] =>
    pictures.map((picture) => ({ ...picture, given: split }));

  it("are kept, and val is cut from train: a twelfth", () => {
    const ofTrain = planSplits(new Set(["train", "test"] as const));
    expect(ofTrain).toEqual({ val: 1 / 12, test: 0 });
    const sides = assignSplits([...given(many(6000), "train"), ...given(many(100, "cat", 9000), "test")], ofTrain);
    expect(sides.slice(6000).every((side) => side === "test")).toBe(true);
    expect(sides.slice(0, 6000)).not.toContain("test");
    // 500 expected, four standard deviations are 86.
    expect(Math.abs(sides.filter((side) => side === "val").length - 500)).toBeLessThan(86);
  });

  it("leave nothing to cut where all three are there", () => {
    const whole = planSplits(new Set(["train", "val", "test"] as const));
    expect(whole).toEqual({ val: 0, test: 0 });
    const pictures = [
      ...given(many(2), "train"),
      ...given(many(1, "cat", 5), "val"),
      ...given(many(1, "cat", 9), "test"),
    ];
    expect(assignSplits(pictures, whole)).toEqual(["train", "train", "val", "test"]);
  });

  it("take their share from the proportions where those are named", () => {
    const { val } = planSplits(new Set(["train", "test"] as const), { train: 0.6, val: 0.2, test: 0.2 });
    expect(val).toBeCloseTo(0.25, 12);
  });

  it("are refused where a class has nothing in train", () => {
    const pictures = [...given(many(5), "train"), ...given(many(5, "dog", 50), "test")];
    expect(() => assignSplits(pictures, { val: 0, test: 0 })).toThrowError(
      "Expected at least 1 different pictures of each class, one for each split; got 0 of class 'dog'",
    );
  });
});

describe("proportions", () => {
  it.each([
    { train: 0.8, val: 0.1, test: 0.2 },
    { train: 0, val: 0.5, test: 0.5 },
    { train: 1.2, val: -0.1, test: -0.1 },
    { train: Number.NaN, val: 0.5, test: 0.5 },
  ])("of $train, $val, $test are refused", (proportions) => {
    expect(() => planSplits(new Set(), proportions)).toThrowError(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(
          "shares from 0 to 1 for train, val and test that add up to 1, train above 0; got",
        ),
      }),
    );
  });
});
