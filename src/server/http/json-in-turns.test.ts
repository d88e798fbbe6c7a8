import fc from "fast-check";
import { expect, it } from "vitest";
import { isLargeJson, jsonInTurns } from "./json-in-turns.ts";

it("writes what JSON.stringify writes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ stringUnit: "binary" }), async (value) => {
      expect((await jsonInTurns(value)).toString()).toBe(Buffer.from(JSON.stringify(value)).toString());
    }),
  );
  const odd = {
    left: undefined,
    empty: [],
    none: {},
    nothing: [null, undefined, Number.NaN],
    deep: [[{ a: [1] }], []],
  };
  expect((await jsonInTurns(odd)).toString()).toBe(JSON.stringify(odd));
});

it("lets others have their turn in between", async () => {
  const large = { predictions: Array.from({ length: 64 }, () => ({ probabilities: Array(5000).fill(0.5) })) };
  let turns = 0;
  const others = setInterval(() => turns++);
  const bytes = await jsonInTurns(large);
  clearInterval(others);
  expect(turns).toBeGreaterThan(2);
  expect(bytes.toString()).toBe(JSON.stringify(large));
});

it("takes lists of many numbers for large, and bytes for none", () => {
  const row = { probabilities: Array(1000).fill(0.5) };
  expect(isLargeJson({ predictions: Array(9).fill(row) })).toBe(false);
  expect(isLargeJson({ predictions: Array(11).fill(row) })).toBe(true);
  expect(isLargeJson([Array(6000).fill(0), Array(6000).fill("")])).toBe(true);
  for (const small of [new Uint8Array(1e6), "text", null, undefined, []]) expect(isLargeJson(small)).toBe(false);
});
