import { expect, it } from "vitest";
import { cpuLimit } from "./cpu-limit.ts";

const v2 = "/sys/fs/cgroup/cpu.max";
const v1Quota = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us";
const v1Period = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";
const limitOf = (files: Readonly<Record<string, string>>, visible = 8): number =>
  cpuLimit((path) => files[path], visible);

it.each([
  ["no container", {}, 8],
  ["no quota", { [v2]: "max 100000\n" }, 8],
  ["a whole quota", { [v2]: "200000 100000\n" }, 2],
  ["a quota of one and a half cores", { [v2]: "150000 100000" }, 2],
  ["a tenth of a core", { [v2]: "10000 100000" }, 1],
  ["more than there is", { [v2]: "6400000 100000" }, 8],
  ["the older control groups", { [v1Quota]: "300000\n", [v1Period]: "100000\n" }, 3],
  ["the older ones without a quota", { [v1Quota]: "-1\n", [v1Period]: "100000\n" }, 8],
  ["words that are no numbers", { [v2]: "nonsense" }, 8],
  ["both: the newer counts", { [v2]: "100000 100000", [v1Quota]: "300000", [v1Period]: "100000" }, 1],
])("takes %s into account", (_, files, expected) => {
  expect(limitOf(files)).toBe(expected);
});

it("counts real cores here", () => {
  expect(cpuLimit()).toBeGreaterThanOrEqual(1);
});

it("counts any share of a core as a whole one", () => {
  expect(cpuLimit(() => "110000 100000", 8)).toBe(2);
});
