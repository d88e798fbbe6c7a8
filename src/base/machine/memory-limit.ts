/**
 * How much memory this process may use: the machine's, or less where a container's limit says so.
 */
import { totalmem } from "node:os";
import { type ReadText, readSmallFile } from "./cpu-limit.ts";

const places = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] as const;

/**
 * Bytes. Source: Linux, Documentation/admin-guide/cgroup-v2.rst (memory.max), cgroup-v1/memory.rst.
 */
export function memoryLimit(readText: ReadText = readSmallFile, machineBytes = totalmem()): number {
  for (const place of places) {
    const bytes = Number(readText(place)?.trim());
    // Without a limit there stands the word max, or a number beyond any machine.
    if (Number.isFinite(bytes) && bytes > 0) return Math.min(bytes, machineBytes);
  }
  return machineBytes;
}
