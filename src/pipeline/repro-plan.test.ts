import { expect, test } from "vitest";
import { type PlanGraph, planRepro, reachable, reversed } from "./repro-plan.ts";

/** `b: "a"`: b needs a. */
function graph(needs: Readonly<Record<string, string>>): PlanGraph<string> {
  return {
    nodes: Object.keys(needs),
    needs: new Map(Object.entries(needs).map(([node, list]) => [node, list === "" ? [] : list.split(" ")])),
  };
}

//  a   b
//   \ / \
//    c   d      e
const sample = graph({ d: "b", c: "b a", a: "", b: "", e: "" });

test("a node comes after all that it needs, in the order of the files otherwise", () => {
  expect(planRepro(sample, sample.nodes)).toEqual(["b", "d", "a", "c", "e"]);
});

test("targets bring what they need; downstream what needs them; pipeline all that is connected", () => {
  expect(planRepro(sample, ["c"])).toEqual(["b", "a", "c"]);
  expect(planRepro(sample, ["b"], { downstream: true })).toEqual(["b", "d", "c"]);
  expect(planRepro(sample, ["a"], { pipeline: true })).toEqual(["b", "d", "a", "c"]);
  expect(planRepro(sample, ["c", "c"], { singleItem: true })).toEqual(["c"]);
});

test("a chain of 100,000 stages fills no stack", () => {
  const nodes = Array.from({ length: 100_000 }, (_, at) => `s${at}`);
  const chain = graph(Object.fromEntries(nodes.map((name, at) => [name, at === 99_999 ? "" : `s${at + 1}`])));
  expect(planRepro(chain, ["s0"]).slice(0, 2)).toEqual(["s99999", "s99998"]);
});

test("says what needs a node", () => {
  expect([...reachable(["a"], reversed(sample))]).toEqual(["a", "c"]);
});
