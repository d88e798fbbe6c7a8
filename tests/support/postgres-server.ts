/** A PostgreSQL server of one's own, for tests and benchmarks, where it is installed. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export interface PostgresServer {
  /** An empty database; `drop` removes it, whoever is connected. */
  createDatabase(): Promise<{ readonly address: string; drop(): Promise<void> }>;
  /** SIGKILL: what it was writing is cut off. */
  kill(): Promise<void>;
  /** Starts it again on its data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const versions = "/usr/lib/postgresql";

/** The server, which the caller stops, or the reason why there is none. */
export async function startPostgres(): Promise<PostgresServer | string> {
  if (!existsSync(versions)) return "PostgreSQL is not installed";
  const bin = join(versions, readdirSync(versions).sort().at(-1)!, "bin");
  if (!existsSync(join(bin, "initdb"))) return "PostgreSQL's server is not installed";
  // Where its own user may enter, unlike the folders of the other tests.
  const folder = mkdtempSync("/tmp/pawprint-postgres-");
  // It refuses to run as root.
  const own = process.getuid?.() === 0 ? userOf("postgres") : undefined;
  if (process.getuid?.() === 0 && own === undefined) return "there is no user for PostgreSQL";
  if (own !== undefined) chownSync(folder, own.uid, own.gid);
  const data = join(folder, "data");
  const environment = { ...process.env, LC_ALL: "C" };
  await promisify(execFile)(join(bin, "initdb"), ["-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8"], {
    ...own,
    env: environment,
    cwd: folder,
  });
  const port = await freePort();
  const settings = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"];
  const start = () =>
    spawn(join(bin, "postgres"), settings, { ...own, env: environment, cwd: folder, stdio: "ignore" });
  const query = (text: string) =>
    promisify(execFile)(
      join(bin, "psql"),
      ["-h", "127.0.0.1", "-p", String(port), "-U", "tester", "-d", "postgres", "-c", text],
      { cwd: folder },
    );
  let child = start();
  /** False where it does not answer within ten seconds. */
  const becomesReady = async (): Promise<boolean> => {
    for (let tries = 0; tries < 100; tries++) {
      const isReady = await query("select 1").then(
        () => true,
        () => false,
      );
      if (isReady) return true;
      await delay(100);
      // One that was killed may still be ending, and holds its memory until then.
      if (hasEnded(child)) child = start();
    }
    return false;
  };
  const end = async (signal: "SIGINT" | "SIGKILL"): Promise<void> => {
    if (hasEnded(child)) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  const stop = async (): Promise<void> => {
    await end("SIGINT");
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await becomesReady())) {
    await stop();
    return "PostgreSQL did not start";
  }
  let databases = 0;
  return {
    kill: () => end("SIGKILL"),
    async restart() {
      child = start();
      if (!(await becomesReady())) throw new Error("PostgreSQL did not start again");
    },
    stop,
    async createDatabase() {
      const name = `log_${databases++}`;
      await query(`create database ${name}`);
      return {
        address: `postgres://tester@127.0.0.1:${port}/${name}`,
        drop: async () => void (await query(`drop database ${name} with (force)`)),
      };
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function userOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  try {
    const idOf = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
    return { uid: idOf("-u"), gid: idOf("-g") };
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
