/**
 * How many cores this process may use: those it sees, or fewer where a container's quota says so.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Reads a small file of the kernel; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * Whole cores, at least 1. A quota of 1.5 cores counts as 2: the second thread still helps, and is
 * throttled seldom.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max), cgroup-v1/cpu (cfs_quota_us).
 */
export function cpuLimit(readText: ReadText = readSmallFile, visible = availableParallelism()): number {
  const quota = quotaV2(readText) ?? quotaV1(readText);
  return Math.max(1, Math.min(visible, quota === undefined ? visible : Math.ceil(quota)));
}

function quotaV2(readText: ReadText): number | undefined {
  const [quota, period] = (readText("/sys/fs/cgroup/cpu.max") ?? "").trim().split(" ");
  return ratio(quota, period);
}

function quotaV1(readText: ReadText): number | undefined {
  return ratio(readText("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), readText("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cores = Number(quota) / Number(period);
  return quota !== undefined && Number.isFinite(cores) && cores > 0 ? cores : undefined;
}

/** Undefined for a file that is not there: another kernel, or no container. */
export function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
