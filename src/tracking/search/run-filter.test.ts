import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { matchesPattern } from "./like-pattern.ts";
import { matchesFilter, parseRunFilter } from "./run-filter.ts";
import { parseRunOrder, sortRuns } from "./run-order.ts";
import type { SearchableRun } from "./searchable-run.ts";

/** A run that notes what is asked of it. */
function runOf(values: Readonly<Record<string, number | string>>, asked: string[] = []): SearchableRun {
  const map = new Map(Object.entries(values));
  const value = <T>(name: string): T | undefined => {
    asked.push(name);
    return map.get(name) as T | undefined; // each test gives values of the right type
  };
  return {
    attribute: (name) => value(name),
    metric: (key) => value(`metrics.${key}`),
    param: (key) => value(`params.${key}`),
    tag: (key) => value(`tags.${key}`),
    datasets: () => [],
  };
}

describe("a filter of runs", () => {
  it("asks only for the values that it needs, and stops at the first that fails", () => {
    const filter = parseRunFilter("metrics.acc > 0.5 AND params.`__proto__` = 'x' AND status = 'FINISHED'");
    const asked: string[] = [];
    expect(matchesFilter(runOf({ "metrics.acc": 0.9, "params.lr": "1" }, asked), filter)).toBe(false);
    expect(asked).toEqual(["metrics.acc", "params.__proto__"]);
  });

  it.each([
    ["metrics.acc > 'high'", 15, "a number for metric 'acc'", "'high'"],
    ["params.lr = 0.1", 13, "a text in quotes for parameter 'lr'", "'0.1'"],
    ["metrics.acc LIKE '1'", 13, "=, !=, <, <=, >, >= after metric 'acc'", "'LIKE'"],
    ["params.lr > '1'", 11, "=, !=, LIKE, ILIKE, IS NULL, IS NOT NULL after parameter 'lr'", "'>'"],
    ["status IN ('a')", 8, "=, !=, LIKE, ILIKE after status", "'IN'"],
    ["metrics.acc > 1 or metrics.acc < 0", 17, "AND between two comparisons", "'or'"],
    ["metrics.acc > 1 and", 20, "a key such as metrics.val_accuracy, params.lr or status", "its end"],
    ["metrics.acc >", 14, "a number for metric 'acc'", "its end"],
    ["params.lr = 'x", 13, "a closing quote", "''x'"],
    ["metric_s.acc > 1", 1, "'metrics' before the '.'", "'metric_s'"],
    ["metrics.val/acc > 1", 12, "a key, a comparison or a value; a key with other characters than letters, digits, _ and . in backticks", "'/acc > 1'"], // biome-ignore format: one case
    ["run_id IN ('a' 'b')", 16, "a comma or a closing bracket in the list for run_id", "'b'"],
  ])("says where %j is wrong", (text, at, required, received) => {
    const error = failureOf(() => parseRunFilter(text));
    expect(error).toMatchObject({ code: "FILTER_INVALID", where: `filter, character ${at}`, required, received });
  });

  it("names the attribute that was meant", () => {
    expect(() => parseRunFilter("stauts = 'FINISHED'")).toThrow("Expected 'status', or artifact_uri, end_time");
    expect(() => parseRunOrder(["metrics.a DESC", "metrics.acc DOWN"])).toThrow(
      "Expected ASC, DESC or its end; got 'DOWN' (order 2, character 13)",
    );
  });

  it("takes as long as the text is for any pattern", () => {
    const text = "a".repeat(8000);
    const start = performance.now();
    expect(matchesPattern(text, `${"%a".repeat(3000)}%b`)).toBe(false);
    expect(parseRunFilter(`tags.t = '${"x".repeat(100_000)}'`)).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(matchesPattern("", "%")).toBe(true);
    expect(matchesPattern("ab", "a_")).toBe(true);
    expect(matchesPattern("ab", "_")).toBe(false);
  });
});

describe("an order of runs", () => {
  it("has values first, then NaN, then runs without one, in both directions; then the newest", () => {
    const values = { a: 1, b: Number.NaN, d: Number.NEGATIVE_INFINITY, e: Number.POSITIVE_INFINITY, f: 1 };
    const runs = ["a", "b", "c", "d", "e", "f"].map((id, at) => {
      const value = new Map(Object.entries(values)).get(id);
      return runOf({ run_id: id, start_time: at, ...(value !== undefined && { "metrics.m": value }) });
    });
    const ids = (order: string) => sortRuns(runs, parseRunOrder([order])).map((run) => run.attribute("run_id"));
    expect(ids("metrics.m")).toEqual(["d", "f", "a", "e", "b", "c"]);
    expect(ids("metrics.m DESC")).toEqual(["e", "f", "a", "d", "b", "c"]);
  });
});
