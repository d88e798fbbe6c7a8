/** Identifies processes across containers, restarts and reused process ids. */
import { readFile, readlink } from "node:fs/promises";
import { systemCodeOf } from "../files/file-failure.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** The scope of process ids: this boot of the machine, and on Linux this PID namespace. */
  readonly space: string;
  /** Start time in clock ticks; empty where the system does not say. */
  readonly started: string;
}

let own: Promise<ProcessIdentity> | undefined;

export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= (async () => {
    const pid = process.pid;
    const boot = readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const parts = await Promise.all([boot, readlink("/proc/self/ns/pid"), startOf(pid)]).catch(() => undefined);
    if (parts === undefined) return { pid, space: "", started: "" }; // no Linux
    const [id, names, started = ""] = parts;
    return { pid, space: `${id.trim()} ${names}`, started };
  })();
  return own;
}

/** Whether a process of the same scope still runs. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (started !== "") return (await startOf(pid)) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) !== "ESRCH";
  }
}

/**
 * Field 22 of `/proc/PID/stat`, in ticks since the machine started; undefined for a process that
 * has ended. Source: proc_pid_stat(5).
 */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The name before it stands in parentheses and may hold any character.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  return state === "Z" || state === "X" ? undefined : started;
}
