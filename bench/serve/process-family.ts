/** A process and all that it has started, as `/proc` tells of them. Linux only. */
import { readdir, readFile } from "node:fs/promises";

/** The process and all that come from it. */
export async function familyOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  const children = lists.flatMap((list) => list.split(" ").filter((part) => part.trim() !== ""));
  return [pid, ...(await Promise.all(children.map((child) => familyOf(Number(child))))).flat()];
}

/** Clock ticks are hundredths of a second on every Linux that Node.js runs on. */
const tickMs = 10;

/** Milliseconds of processor time so far, of all threads; NaN where there is no `/proc`. */
export async function processorMs(pid: number): Promise<number> {
  const family = await familyOf(pid);
  const times = await Promise.all(
    family.map(async (member) => {
      const stat = await readFile(`/proc/${member}/stat`, "utf8").catch(() => "");
      // The name, in brackets, may hold anything; user and system time are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) * tickMs;
    }),
  );
  return times.reduce((sum, ms) => sum + ms, 0);
}
