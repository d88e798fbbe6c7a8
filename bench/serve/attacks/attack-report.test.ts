import { expect, it } from "vitest";
import { attackTable, missedGoals } from "./attack-report.ts";
import type { BystanderResult } from "./bystanders.ts";
import type { AttackOutcome } from "./run-attack.ts";

const standing = (change: Partial<BystanderResult> = {}): BystanderResult => ({
  rate: 200,
  inTime: 1,
  p99: 12,
  statuses: { 200: 1000 },
  probe: { p50: 1, max: 9, failed: 0 },
  ...change,
});
const held: AttackOutcome = {
  attack: "png-50mp",
  service: "pawprint",
  undisturbed: standing(),
  during: standing({ rate: 150 }),
  peakBytes: 500 * 2 ** 20,
  bytesAfter: 250 * 2 ** 20,
  attackers: { statuses: { 422: 17, none: 3 } },
  endSeconds: 0.25,
};

it("misses nothing where bystanders, probe, memory and end are as they should be", () => {
  expect(missedGoals(held)).toEqual([]);
});

it("names each goal that is missed", () => {
  const cases: readonly (readonly [Partial<AttackOutcome>, string])[] = [
    [{ during: standing({ rate: 99 }) }, "rate"],
    [{ during: standing({ inTime: 0.98 }) }, "deadlines"],
    [{ during: standing({ probe: { p50: 1, max: 1001, failed: 0 } }) }, "probe"],
    [{ during: standing({ probe: { p50: 1, max: 9, failed: 1 } }) }, "probe"],
    [{ peakBytes: 2 ** 30 + 1 }, "memory"],
    [{ endSeconds: undefined }, "end"],
    [{ death: "ended by itself" }, "end"],
    [{ attackers: { statuses: {}, note: { text: "let in", missed: "rate limit" } } }, "rate limit"],
  ];
  for (const [change, goal] of cases) expect(missedGoals({ ...held, ...change })).toEqual([goal]);
});

it("tells an outcome in one line", () => {
  const [, line] = attackTable([held]).split("\n");
  expect(line?.split(/ {2,}/)).toEqual([
    "png-50mp",
    "pawprint",
    "75 %",
    "100 %",
    "12",
    "1.0, 9",
    "500",
    "250",
    "0.3",
    "nothing",
    "17 x 422, 3 x none",
  ]);
});
