import { expect, it } from "vitest";
import { rateCounters } from "./rate-counters.ts";

const minute = 60_000;

function counters(limit: number) {
  let time = 0;
  const store = new (rateCounters(limit, () => time))();
  return {
    wait: (ms: number) => (time += ms),
    count(key: string): { current: number; ttl: number } {
      let state = { current: 0, ttl: 0 };
      store.incr(key, (_error, given = state) => (state = given), minute, 10);
      return state;
    },
  };
}

it("a counter lives as long as its window, however many others come", () => {
  const { count, wait } = counters(1000);
  expect(count("mine")).toEqual({ current: 1, ttl: minute });
  wait(10_000);
  for (let at = 0; at < 100_000; at++) count(`other ${at}`);
  expect(count("mine")).toEqual({ current: 2, ttl: 50_000 });
  wait(50_000);
  expect(count("mine")).toEqual({ current: 1, ttl: minute });
});

it("above the limit new callers share one counter; those that are known keep theirs", () => {
  const { count, wait } = counters(2);
  for (const key of ["a", "b"]) expect(count(key).current).toBe(1);
  for (let at = 1; at <= 5; at++) expect(count(`new ${at}`).current).toBe(at);
  expect([count("a").current, count("b").current]).toEqual([2, 2]);
  wait(minute);
  expect([count("new 1").current, count("new 2").current, count("new 3").current]).toEqual([1, 1, 1]);
  expect(count("new 1").current).toBe(2);
});
