import { describe, expect, it } from "vitest";
import { slicesOf } from "./slices.ts";

const many = <T>(count: number, value: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => value(at));
const named = (slices: ReturnType<typeof slicesOf>) =>
  Object.fromEntries(slices.map(({ name, right, count }) => [name, `${right}/${count}`]));

describe("slices", () => {
  it("flag the class on which a model is worse by more than chance", () => {
    const classes = many(200, (at) => (at < 40 ? "owl" : at < 120 ? "cat" : "dog"));
    const slices = slicesOf(
      many(200, (at) => (at < 40 ? at % 4 !== 0 : at % 40 !== 0)),
      { classes },
    );
    expect(slices.map(({ name, isWorse }) => [name, isWorse])).toEqual([
      ["owl", true],
      ["cat", false],
      ["dog", false],
    ]);
    const [owl] = slices;
    expect(owl).toMatchObject({ dimension: "class", count: 40, right: 30, accuracy: 0.75 });
    expect(owl!.interval.low).toBeLessThan(0.75);
    expect(owl!.pValue).toBeLessThan(0.001);
  });

  it("flag nothing that a few pictures could not show", () => {
    const slices = slicesOf([false, true, true, true, true, true], { classes: ["a", "a", "b", "b", "b", "b"] });
    expect(slices.map(({ isWorse }) => isWorse)).toEqual([false, false]);
  });

  it("part numbers into four ranges of about as many pictures each", () => {
    const sides = many(80, (at) => 20 + at);
    const slices = slicesOf(
      many(80, () => true),
      { classes: many(80, () => "cat"), shorterSidesPx: sides },
    );
    expect(named(slices)).toEqual({
      "20 to 39 px": "20/20",
      "40 to 59 px": "20/20",
      "60 to 79 px": "20/20",
      "80 to 99 px": "20/20",
    });
  });

  it("keep equal numbers together, and leave out pictures of unknown size", () => {
    const sides = [...many(30, () => 128), 200, undefined, 300, 128];
    const slices = slicesOf(
      many(34, (at) => at !== 30),
      { classes: many(34, () => "cat"), shorterSidesPx: sides },
    );
    expect(slices).toEqual([]);
    const spread = [...many(10, () => 128), ...many(10, () => 256), undefined];
    expect(
      named(
        slicesOf(
          many(21, (at) => at > 2),
          { classes: many(21, () => "cat"), shorterSidesPx: spread },
        ),
      ),
    ).toEqual({ "128 px": "7/10", "256 px": "10/10" });
  });

  it("merge brightnesses that read the same", () => {
    const brightness = many(40, (at) => (at < 20 ? 100 + at / 1000 : 200 + at / 1000));
    const slices = slicesOf(
      many(40, () => true),
      { classes: many(40, () => "cat"), brightness },
    );
    expect(named(slices)).toEqual({ "100 of 255": "20/20", "200 of 255": "20/20" });
  });

  describe("by source", () => {
    const slicesFor = (ids: readonly string[], classes = many(ids.length, (at) => (at % 2 === 0 ? "cat" : "dog"))) =>
      slicesOf(
        many(ids.length, () => true),
        { ids, classes },
      ).filter(({ dimension }) => dimension === "source");

    it("name the folder that tells pictures apart, class folders aside", () => {
      const ids = ["set/cat/phone/1.jpg", "set/dog/phone/2.jpg", "set/cat/camera/3.jpg", "set/dog/camera/4.jpg"];
      expect(named(slicesFor(ids))).toEqual({ "set/phone": "2/2", "set/camera": "2/2" });
      expect(named(slicesFor(["a/Cat/1.jpg", "a/Dog/2.jpg", "b/Cat/3.jpg", "4.jpg"]))).toEqual({
        a: "2/2",
        b: "1/1",
        "(top)": "1/1",
      });
    });

    it("are none where folders say the class again, or nothing, or are as many as series", () => {
      expect(slicesFor(["cat/1.jpg", "dog/2.jpg", "cat/3.jpg"])).toEqual([]);
      expect(slicesFor(["katzen/1.jpg", "hunde/2.jpg", "katzen/3.jpg", "hunde/4.jpg"])).toEqual([]);
      expect(slicesFor(["1.jpg", "2.jpg"])).toEqual([]);
      expect(slicesFor(many(200, (at) => `${Math.floor(at / 2)}/${at}.jpg`))).toEqual([]);
    });
  });
});
