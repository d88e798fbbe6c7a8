import { totalmem } from "node:os";
import { expect, it } from "vitest";
import { memoryLimit } from "./memory-limit.ts";

const v2 = "/sys/fs/cgroup/memory.max";
const v1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes";

it.each([
  ["no container", {}, 8000],
  ["no limit", { [v2]: "max\n" }, 8000],
  ["a limit", { [v2]: "512\n" }, 512],
  ["a limit above what there is", { [v2]: "9000" }, 8000],
  ["the older control groups", { [v1]: "700\n" }, 700],
  ["the older ones without a limit", { [v1]: "9223372036854771712" }, 8000],
])("takes %s into account", (_, files: Readonly<Record<string, string>>, expected) => {
  expect(memoryLimit((path) => files[path], 8000)).toBe(expected);
});

it("is no more than the machine has", () => {
  expect(memoryLimit()).toBeLessThanOrEqual(totalmem());
  expect(memoryLimit()).toBeGreaterThan(0);
});
