import { expect, it } from "vitest";
import { type Contender, type Measure, resultsOf } from "./comparison-rows.ts";

const run = (rate: number, p50: number, p99: number): Measure => ({ rate, p50, p99, cpu: p50 / 10 });
const own = { runs: [run(100, 10, 20), run(300, 8, 40), run(200, 12, 30)] };

it("compares medians, above 1 where ours is better, with the targets for so many callers", () => {
  const peer: Contender = {
    name: "peer",
    runs: [run(50, 20, 15)],
    targetsAt: (connections) => ({ rate: connections, p50: 1, p99: null }),
  };
  expect(resultsOf("JPEG", 64, own, [peer])).toEqual([
    { case: "JPEG", value: 200, unit: "requests/s", peer: "peer", peerValue: 50, ratio: 4, target: 64 },
    { case: "JPEG", value: 10, unit: "ms p50", peer: "peer", peerValue: 20, ratio: 2, target: 1 },
    { case: "JPEG", value: 30, unit: "ms p99", peer: "peer", peerValue: 15, ratio: 0.5, target: null },
  ]);
});

it("compares only what has a target, an unset one too", () => {
  const limit: Contender = { name: "limit", runs: [run(250, 0, 0)], targetsAt: () => ({ rate: null }) };
  const rows = resultsOf("digits", 64, own, [limit]);
  expect(rows.map(({ unit, ratio, target }) => [unit, ratio, target])).toEqual([["requests/s", 0.8, null]]);
});

it("gives ours alone where nobody else could be started", () => {
  const rows = resultsOf("JPEG", 1, own, []);
  expect(rows.map(({ value, peerValue, ratio }) => [value, peerValue, ratio])).toEqual([
    [200, null, null],
    [10, null, null],
    [30, null, null],
    [1, null, null],
  ]);
});
