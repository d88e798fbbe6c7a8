/**
 * A Docker engine for tests: the one that runs, or one that is started for them and ended after
 * them; and the base image of the Dockerfile, made of Debian's packages where no registry answers.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface ContainerEngine {
  /** Runs the client and gives what it printed; of `logs`, both streams. Errors: where it fails. */
  docker(...line: string[]): Promise<string>;
  /** What finds the engine: for other clients of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the engine where it was started here. */
  close(): Promise<void>;
}

// Debian's client first: one of another origin may come without what builds images.
const client = ["/usr/bin/docker", "docker"].find((path) => !path.startsWith("/") || existsSync(path))!;

/** The engine, or the reason why there is none. */
export async function openContainerEngine(): Promise<ContainerEngine | string> {
  if (process.platform !== "linux") return "the container tests need Linux";
  const running = clientOf({});
  if (await answers(running)) return { docker: running, environment: {}, close: async () => undefined };
  if (process.getuid?.() !== 0) return "no Docker engine answers, and only root can start one";
  if (!existsSync("/usr/sbin/dockerd")) return "no Docker engine answers, and dockerd is not installed";
  return startEngine();
}

async function startEngine(): Promise<ContainerEngine | string> {
  const folder = await mkdtemp(join(tmpdir(), "pawprint-docker-"));
  const host = `unix://${join(folder, "docker.sock")}`;
  const places = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")];
  const hadBridge = existsSync("/sys/class/net/docker0");
  const forward = await forwardPolicy();
  const engine = spawn("/usr/sbin/dockerd", ["-H", host, "--pidfile", join(folder, "pid"), ...places], {
    stdio: "ignore",
  });
  const docker = clientOf({ DOCKER_HOST: host });
  const close = async (): Promise<void> => {
    await end(engine);
    if (forward !== undefined) await execute("iptables", ["-P", "FORWARD", forward]).catch(() => undefined);
    if (!hadBridge) await execute("ip", ["link", "delete", "docker0"]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  for (let waited = 0; waited < 60 && engine.exitCode === null; waited++) {
    if (await answers(docker)) return { docker, environment: { DOCKER_HOST: host }, close };
    await delay(500);
  }
  await close();
  return "dockerd could not be started";
}

/** What the system does with packets that it forwards; the engine sets it to DROP. */
async function forwardPolicy(): Promise<string | undefined> {
  const { stdout } = await execute("iptables", ["-S", "FORWARD"]).catch(() => ({ stdout: "" }));
  return /^-P FORWARD (\w+)/m.exec(stdout)?.[1];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

function clientOf(environment: Readonly<Record<string, string>>): ContainerEngine["docker"] {
  const env = { ...process.env, DOCKER_BUILDKIT: "1", ...environment };
  return async (...line) => {
    const { stdout, stderr } = await execute(client, line, { env, maxBuffer: 64 << 20 });
    // Of `logs`, each stream of the container comes through its own.
    return (line[0] === "logs" ? stdout + stderr : stdout).trim();
  };
}

async function answers(docker: ContainerEngine["docker"]): Promise<boolean> {
  return docker("version", "--format", "{{.Server.Version}}").then(
    () => true,
    () => false,
  );
}

/** Why images cannot be built from the base image `name`, or undefined where they can. */
export async function unpreparedReason(engine: ContainerEngine, name: string): Promise<string | undefined> {
  const missing = await provideBaseImage(engine, name);
  if (missing !== undefined) return missing;
  const look = ["npm", "ping", "--fetch-retries=1", "--fetch-timeout=15000"];
  return engine.docker("run", "--rm", name, ...look).then(
    () => undefined,
    (error: unknown) => `containers do not reach the npm registry: ${String(error)}`,
  );
}

/**
 * Has the engine hold the image `name`: pulled, else made. Gives the reason where neither succeeds.
 */
async function provideBaseImage({ docker }: ContainerEngine, name: string): Promise<string | undefined> {
  const isThere = await docker("image", "inspect", name)
    .catch(() => docker("pull", "--quiet", name))
    .catch(() => "");
  if (isThere !== "") return undefined;
  try {
    const archive = join(tmpdir(), "pawprint-container-base", `debian-node-${process.arch}.tar`);
    if (!existsSync(archive)) await makeBaseArchive(archive);
    const certificates = "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt";
    await docker("import", "--change", certificates, "--change", 'CMD ["node"]', archive, name);
    return undefined;
  } catch (error) {
    return `the base image can neither be pulled nor made: ${String(error)}`;
  }
}

/** Debian 12 with a Node.js binary, npm, and the certificates that this system trusts. */
async function makeBaseArchive(archive: string): Promise<void> {
  const folder = join(archive, "..");
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "making-"));
  try {
    const root = join(work, "root");
    await execute("debootstrap", ["--variant=minbase", "--include=ca-certificates", "bookworm", root], {
      maxBuffer: 64 << 20,
    });
    await execute("npm", ["pack", "--silent", `node-linux-${process.arch}@24`], { cwd: work, maxBuffer: 64 << 20 });
    await execute("npm", ["pack", "--silent", "npm@11"], { cwd: work, maxBuffer: 64 << 20 });
    const archives = await readdir(work);
    const archiveOf = (start: string) => join(work, archives.find((entry) => entry.startsWith(start))!);
    const npm = join(root, "usr/local/lib/node_modules/npm");
    await mkdir(npm, { recursive: true });
    const unpack = (file: string, to: string, ...members: string[]) =>
      execute("tar", ["-xzf", file, "--strip-components=1", "-C", to, ...members]);
    await unpack(archiveOf("node-linux"), join(root, "usr/local"), "package/bin");
    await unpack(archiveOf("npm-"), npm);
    await execute("ln", ["-sf", "../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm")]);
    const trusted = "/etc/ssl/certs/ca-certificates.crt";
    if (existsSync(trusted)) await execute("cp", [trusted, join(root, trusted)]);
    const unneeded = ["./proc/*", "./sys/*", "./dev/*", "./var/cache/apt/*", "./var/lib/apt/lists/*"];
    const made = join(work, "base.tar");
    await execute("tar", ["-C", root, ...unneeded.map((path) => `--exclude=${path}`), "-cf", made, "."]);
    await rename(made, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
