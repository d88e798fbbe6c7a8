/** How many files and connections this process may have open at once. */
import { type ReadText, readSmallFile } from "./cpu-limit.ts";

/**
 * `ulimit -n`; undefined where the kernel does not say (not Linux) and where there is no limit.
 * Node.js itself raises the soft limit to the hard one as it starts.
 * Source: proc_pid_limits(5).
 */
export function openFileLimit(readText: ReadText = readSmallFile): number | undefined {
  const soft = /^Max open files +(\d+)/m.exec(readText("/proc/self/limits") ?? "")?.[1];
  return soft === undefined ? undefined : Number(soft);
}
