import { expect, it } from "vitest";
import { duration, fileSize, listing, percent, percentInWords } from "../../web/page/format.ts";
import { parseServerTiming } from "../../web/service/server-timing.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

it.each([
  [0.981, "98.1 %"],
  [0.99949, "99.9 %"],
  [0.9996, "> 99.9 %"],
  [1, "100.0 %"],
  [0.0004, "< 0.1 %"],
  [0.0005, "0.1 %"],
  [0, "0.0 %"],
])("writes the share %f as %s, never as a certainty that it is not", (share, text) => {
  expect(plain(percent(share))).toBe(text);
});

it("has words for what is nearly certain", () => {
  expect(plain(percentInWords(0.99999))).toBe("over 99.9 %");
});

it("writes times and sizes with as many digits as can be read", () => {
  expect([0.042, 2.44, 31.4, 1234].map(duration).map(plain)).toEqual(["0.04 ms", "2.4 ms", "31 ms", "1.2 s"]);
  expect([300, 56_400, 16_777_216].map(fileSize).map(plain)).toEqual(["1 kB", "56 kB", "16.8 MB"]);
});

it("lists a few classes whole and of many the first", () => {
  expect(listing(["cat"])).toBe("cat");
  expect(listing(["cat", "dog", "fox"])).toBe("cat, dog and fox");
  expect(listing(Array.from({ length: 1006 }, (_, index) => String(index)))).toBe("0, 1, 2, 3, 4, 5 and 1,000 more");
});

it("reads the service's phases and leaves out what it does not know", () => {
  expect(parseServerTiming("decode;dur=1.2, queue;dur=0.1, cdn;dur=5, total;dur=2.4")).toEqual({
    decode: 1.2,
    queue: 0.1,
    total: 2.4,
  });
  expect(parseServerTiming(null)).toEqual({});
  expect(parseServerTiming("inference, total;dur=x")).toEqual({});
});
