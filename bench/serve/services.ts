/**
 * The contenders as processes of their own: started, waited for, looked at, and ended by their own
 * process id.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface RunningService {
  readonly port: number;
  readonly pid: number;
  /** Seconds from the start of the process to the first answer that it is ready. */
  readonly startSeconds: number;
  /** Resident memory now, in bytes. */
  residentBytes(): Promise<number>;
  /** True until the process has ended, by itself or by a signal. */
  readonly isRunning: boolean;
  /**
   * Sends SIGTERM and gives the seconds until the process ended; undefined where it had to be killed
   * after `limitSeconds`.
   */
  stop(limitSeconds?: number): Promise<number | undefined>;
}

/** This checkout. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** `pawprint serve`, as it was built in `folder`. */
export async function startPawprint(
  bundle: string,
  logFile: string,
  { folder = repository, options = [] }: { readonly folder?: string; readonly options?: readonly string[] } = {},
): Promise<RunningService> {
  const port = await freePort();
  const args = ["dist/cli/main.js", "serve", bundle, "--port", String(port), "--log-file", logFile, ...options];
  return start(process.execPath, args, folder, port, "/readyz");
}

export interface PeerCommand {
  readonly python: string;
  /** `NAME.py`, with an ASGI application `app`. */
  readonly file: string;
  /** Processes. */
  readonly workers: number;
  readonly env: Readonly<Record<string, string>>;
}

/** A Python service under uvicorn. */
export async function startPeer({ python, file, workers, env }: PeerCommand): Promise<RunningService> {
  const port = await freePort();
  const [, folder = ".", module = ""] = /^(.*)\/([^/]+)\.py$/.exec(file) ?? [];
  const flags = { host: "127.0.0.1", port, workers, "log-level": "warning" };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const command = ["-m", "uvicorn", `${module}:app`, ...args];
  // Killed, uvicorn would leave its workers behind.
  return start(python, command, folder, port, "/health", { env, lastSignal: "SIGTERM" });
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sent where this process ends before the service. */
  readonly lastSignal?: NodeJS.Signals;
}

async function start(
  command: string,
  args: readonly string[],
  cwd: string,
  port: number,
  readyPath: string,
  { env = {}, lastSignal = "SIGKILL" }: StartOptions = {},
): Promise<RunningService> {
  const startedAt = performance.now();
  const child: ChildProcess = spawn(command, args, {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  const onExit = () => child.kill(lastSignal);
  process.once("exit", onExit);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}${readyPath}`).then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await isReady())) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${command} ${args.join(" ")} ended: ${said}`);
    if (performance.now() - startedAt > 120_000) throw new Error(`${command} is not ready after two minutes`);
    await pause(5);
  }
  const startSeconds = (performance.now() - startedAt) / 1000;
  const pid = child.pid!; // it has answered
  return {
    port,
    pid,
    startSeconds,
    async residentBytes() {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    },
    get isRunning() {
      return isRunning();
    },
    async stop(limitSeconds = 60) {
      process.off("exit", onExit);
      if (!isRunning()) return 0;
      const since = performance.now();
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      let wasKilled = false;
      const killer = setTimeout(() => {
        wasKilled = child.kill("SIGKILL");
      }, limitSeconds * 1000);
      await ended;
      clearTimeout(killer);
      return wasKilled ? undefined : (performance.now() - since) / 1000;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
