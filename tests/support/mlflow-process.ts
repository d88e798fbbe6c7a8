/** The real MLflow server on SQLite, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

export interface MlflowProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** It takes about a minute to start, more on a busy machine. */
const startLimitMs = 240_000;

/** Keeps its database and its artifacts in `folder`. Errors: where it does not answer in time, with its log. */
export async function startMlflow(python: string, folder: string): Promise<MlflowProcess> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const log = join(folder, "server.log");
  const args = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const stores = [
    "--backend-store-uri",
    `sqlite:///${folder}/mlflow.db`,
    "--artifacts-destination",
    `${folder}/artifacts`,
  ];
  const command = `exec "$0" "$@" > '${log}' 2>&1`;
  // Workers of the server are of its process group, and end with it.
  const child = spawn("sh", ["-c", command, python, ...args, ...stores], {
    cwd: folder,
    detached: true,
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  const end = Date.now() + startLimitMs;
  while (Date.now() < end && child.exitCode === null) {
    const isUp = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { url, stop: () => stop(child) };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await stop(child);
  throw new Error(`mlflow server did not start:\n${await readFile(log, "utf8").catch(() => "")}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 20_000);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
