/** Whether the process that records a run still runs: a run whose process was killed has ended. */
import { hostname } from "node:os";
import { isRunning, ownIdentity, type ProcessIdentity } from "../base/locks/process-identity.ts";
import type { RunStatus } from "./run.ts";

/** The tag of a run that is being recorded. */
export const processTag = "pawprint.process";

/** The tag's value for this process. */
export async function ownProcessTag(): Promise<string> {
  return JSON.stringify({ host: hostname(), ...(await ownIdentity()) });
}

/**
 * KILLED for a run that is RUNNING by a process of this machine that is gone; else as stored.
 * Processes of other machines and other containers cannot be asked.
 */
export async function presentStatus(stored: RunStatus, tag: string | undefined): Promise<RunStatus> {
  if (stored !== "RUNNING" || tag === undefined) return stored;
  const recorder = parseTag(tag);
  if (recorder === undefined || recorder.host !== hostname()) return stored;
  const own = await ownIdentity();
  // The boot of the machine, then the names of its processes; nothing where the system does not say.
  const [boot, names] = recorder.space.split(" ");
  const [ownBoot, ownNames] = own.space.split(" ");
  if (boot !== ownBoot) return boot && ownBoot ? "KILLED" : stored;
  if (names !== ownNames) return stored;
  return (await isRunning(recorder)) ? stored : "KILLED";
}

function parseTag(text: string): (ProcessIdentity & { readonly host: string }) | undefined {
  try {
    const { host, pid, space, started }: Partial<Record<string, unknown>> = JSON.parse(text);
    const isWhole = typeof host === "string" && Number.isSafeInteger(pid) && typeof space === "string";
    return isWhole ? { host, pid: Number(pid), space, started: String(started ?? "") } : undefined;
  } catch {
    return undefined;
  }
}
