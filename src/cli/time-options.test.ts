import { expect, it } from "vitest";
import { momentOf, spanMs } from "./time-options.ts";

it.each([
  ["90s", 90_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["2w", 1_209_600_000],
])("%s is a span", (text, ms) => {
  expect(spanMs(text)).toBe(ms);
  expect(momentOf(text, "--since", 1e12)).toBe(1e12 - ms);
});

it.each(["0s", "-1d", "1y", "7", "", "1 d", "d"])("%j is none", (text) => {
  expect(spanMs(text)).toBeUndefined();
});

it.each([
  ["2026-11-29", "2026-11-29T00:00:00.000Z"],
  ["2026-11-29T10:30", "2026-11-29T10:30:00.000Z"],
  ["2026-11-29T10:30:01.250Z", "2026-11-29T10:30:01.250Z"],
  ["2026-11-29T10:30+02:00", "2026-11-29T08:30:00.000Z"],
])("%s is a moment", (text, expected) => {
  expect(new Date(momentOf(text, "--since", 0)).toISOString()).toBe(expected);
});

it.each(["yesterday", "2026-13-01", "2026-11-29 10:30", "29.11.2026"])("%j is refused", (text) => {
  expect(() => momentOf(text, "--since", 0)).toThrow(expect.objectContaining({ code: "CLI_USAGE", where: "--since" }));
});
