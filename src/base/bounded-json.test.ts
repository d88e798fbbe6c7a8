import { describe, expect, it } from "vitest";
import { jsonFaultOf, parseBoundedJson, passedLimit } from "./bounded-json.ts";
import { createRandom } from "./random.ts";

const isDeeperThan = (bytes: Uint8Array, depth: number): boolean => passedLimit(bytes, { depth }) === "depth";
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The depth of a value, as JSON writes it. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("the depth of a JSON text", () => {
  it("counts what is open at once, and no bracket in a string", () => {
    expect(isDeeperThan(bytesOf('[[1],[2],{"a":[]}]'), 3)).toBe(false);
    expect(isDeeperThan(bytesOf('[[1],[2],{"a":[]}]'), 2)).toBe(true);
    expect(isDeeperThan(bytesOf(String.raw`["[[[[","\"[[[","\\",{"[\\\"[":"]"}]`), 2)).toBe(false);
    expect(isDeeperThan(bytesOf(String.raw`["\\",[[]]]`), 2)).toBe(true);
    expect(isDeeperThan(bytesOf("7"), 0)).toBe(false);
  });

  it("is that of the value, for whatever keys and texts stand in it", () => {
    const random = createRandom(7);
    const pick = (count: number): number => random.integer(count);
    const texts = ['"', "\\", "[", "}", '\\"', "\\\\", "é\u2028", ""];
    const value = (budget: number): unknown => {
      const kind = budget === 0 ? 0 : pick(3);
      if (kind === 0) return texts[pick(texts.length)];
      const items = Array.from({ length: 1 + pick(3) }, () => value(budget - 1));
      return kind === 1
        ? items
        : Object.fromEntries(items.map((item, at) => [`${at}${texts[pick(texts.length)]}`, item]));
    };
    for (let round = 0; round < 500; round++) {
      const made = value(6);
      const depth = depthOf(made);
      const bytes = bytesOf(JSON.stringify(made));
      expect(isDeeperThan(bytes, depth)).toBe(false);
      if (depth > 0) expect(isDeeperThan(bytes, depth - 1)).toBe(true);
    }
  });

  it("is found without end for texts that are no JSON", () => {
    for (const text of ['"', '"\\', '["\\"', "]]]]", "\\", ""]) expect(isDeeperThan(bytesOf(text), 4)).toBe(false);
  });
});

it("lists, and texts with objects, are counted wherever they stand", () => {
  const limits = { depth: 9, lists: 2, names: 3 };
  expect(passedLimit(bytesOf('[[1,2,3,4,5,"[[[["]]'), limits)).toBe(undefined);
  expect(passedLimit(bytesOf("[[1],[2]]"), limits)).toBe("lists");
  expect(passedLimit(bytesOf('{"a":"b"}'), limits)).toBe(undefined);
  expect(passedLimit(bytesOf('{"a":"b","c":1}'), limits)).toBe("names");
  expect(passedLimit(bytesOf("[{},{},{},{}]"), limits)).toBe("names");
  expect(passedLimit(bytesOf('[1,2,"1,2,3"]'), { ...limits, items: 2 })).toBe(undefined);
  expect(passedLimit(bytesOf("[1,2,3,4]"), { ...limits, items: 2 })).toBe("items");
});

describe("JSON from outside", () => {
  it("is parsed from text and from bytes", () => {
    expect(parseBoundedJson('{"é":[1]}')).toEqual({ é: [1] });
    expect(parseBoundedJson(bytesOf('{"é":[1]}'))).toEqual({ é: [1] });
  });

  it.each([
    ["deep arrays", "[".repeat(100_000) + "]".repeat(100_000), /more than 64 levels/],
    ["deep objects", `${'{"a":'.repeat(65)}1${"}".repeat(65)}`, /more than 64 levels/],
    ["other text", "nonsense", /JSON/],
    ["nothing", "", /JSON/],
  ])("is refused as a syntax error: %s", (_, text, message) => {
    for (const source of [text, bytesOf(text)]) {
      expect(() => parseBoundedJson(source)).toThrow(SyntaxError);
      expect(() => parseBoundedJson(source)).toThrow(message);
    }
    expect(parseBoundedJson(`${"[".repeat(64)}${"]".repeat(64)}`)).toBeDefined();
  });

  it("is refused beyond the number of values that is allowed, and told without a quotation of it", () => {
    const faultOf = (text: string, limits = {}): unknown => {
      try {
        return parseBoundedJson(text, limits);
      } catch (error) {
        return jsonFaultOf(error);
      }
    };
    expect(faultOf("[[1]]", { depth: 1 })).toBe("JSON nested more than 1 levels deep");
    expect(faultOf("[[],[]]", { lists: 2 })).toBe("JSON of more than 2 lists");
    expect(faultOf('["a"]', { names: 0 })).toBe("JSON of more than 0 texts and objects");
    expect(faultOf('{"secret')).toBe("other text");
    expect(faultOf(`[${"[],".repeat(4_000_000)}[]]`)).toBe("JSON of more than 4000000 lists");
  });

  it("is refused where its bytes are not UTF-8", () => {
    expect(() => parseBoundedJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow("utf-8");
  });
});
