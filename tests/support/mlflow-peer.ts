/** MLflow's own server, for tests against the real one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface MlflowPeer {
  readonly url: string;
  /** Files of the server; removed when it is stopped, unless the caller gave it. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface MlflowPeerOptions {
  /** `postgresql://…`; a new SQLite file unless given. */
  readonly backendStoreUri?: string;
  /** Artifacts pass through the server; else they go to a folder of this machine. */
  readonly servesArtifacts?: boolean;
  /** User and password are asked for; needs `mlflow[auth]`. */
  readonly adminPassword?: string;
  /** Of an earlier start, or for a later one. Default: a new one. */
  readonly folder?: string;
}

/** A start takes a minute on a machine that is not busy. */
const longestStartMs = 240_000;

/** Errors: where it does not answer in time or ends, with what it printed. */
export async function startMlflowPeer(python: string, options: MlflowPeerOptions = {}): Promise<MlflowPeer> {
  const { servesArtifacts = true, adminPassword } = options;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "pawprint-mlflow-")));
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const store = options.backendStoreUri ?? `sqlite:///${join(folder, "mlflow.db")}`;
  const artifacts = servesArtifacts
    ? ["--serve-artifacts", "--artifacts-destination", join(folder, "artifacts")]
    : ["--no-serve-artifacts", "--default-artifact-root", `file://${join(folder, "artifacts")}`];
  const args = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", `${port}`, "--workers", "1"];
  const auth = adminPassword === undefined ? [] : ["--app-name", "basic-auth"];
  const child = spawn(python, [...args, "--backend-store-uri", store, ...artifacts, ...auth], {
    cwd: folder,
    // A group of its own: the server starts workers.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      MLFLOW_FLASK_SERVER_SECRET_KEY: "a key of a test",
      ...(adminPassword !== undefined && { MLFLOW_AUTH_ADMIN_PASSWORD: adminPassword }),
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-20_000);
    });
  }
  const stop = async (): Promise<void> => {
    await endGroup(child);
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  for (const end = Date.now() + longestStartMs; Date.now() < end && child.exitCode === null; await sleep(250)) {
    if (await isHealthy(url)) return { url, folder, stop };
  }
  await stop();
  throw new Error(`mlflow server did not start (exit code ${child.exitCode}):\n${output}`);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const ended = child.exitCode !== null ? Promise.resolve() : new Promise((resolve) => child.once("exit", resolve));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    try {
      process.kill(-pid, signal);
    } catch {
      return; // the group is gone
    }
    await Promise.race([ended, sleep(3000)]);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  await new Promise((resolve) => server.close(resolve));
  return port;
}
