/** The memory of a service and of the processes that it has started, read from `/proc`. */
import { readFile } from "node:fs/promises";
import { familyOf } from "../process-family.ts";

export interface MemoryWatch {
  /** The most that was resident. */
  readonly peakBytes: number;
  /** True where the service was killed because it, or the machine, came to its limit. */
  readonly wasKilled: boolean;
  /** What is resident now; 0 where the service has ended. */
  residentBytes(): Promise<number>;
  stop(): void;
}

/** An attack that works must not take the machine with it. */
const killAboveBytes = 6 * 2 ** 30;
const machineKeepsBytes = 1.5 * 2 ** 30;
const gapMs = 50;

export function watchMemory(pid: number): MemoryWatch {
  let peakBytes = 0;
  let wasKilled = false;
  const look = async (): Promise<number> => {
    const usages = await Promise.all((await familyOf(pid)).map(usageOf));
    const sum = (key: keyof Usage): number => usages.reduce((total, usage) => total + usage[key], 0);
    // The high-water mark of the kernel misses nothing; those of several processes may not coincide.
    peakBytes = Math.max(peakBytes, usages.length === 1 ? sum("peak") : sum("now"));
    return sum("now");
  };
  const watch = async (): Promise<void> => {
    const [now, available] = await Promise.all([look(), availableBytes()]);
    if (wasKilled || now === 0 || (now < killAboveBytes && available > machineKeepsBytes)) return;
    wasKilled = true;
    process.kill(pid, "SIGKILL");
  };
  const timer = setInterval(() => void watch().catch(() => undefined), gapMs);
  return {
    get peakBytes() {
      return peakBytes;
    },
    get wasKilled() {
      return wasKilled;
    },
    residentBytes: look,
    stop: () => clearInterval(timer),
  };
}

interface Usage {
  readonly now: number;
  readonly peak: number;
}

async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const bytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
}

async function availableBytes(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8");
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.MAX_SAFE_INTEGER) * 1024;
}
