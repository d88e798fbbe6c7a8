/**
 * One writer at a time in a repository, DVC's own commands included.
 *
 * DVC holds `.dvc/tmp/lock` by flock(2), which Node has no call for: the program `flock` of util-linux
 * holds it for us, and lets go of it when the pipe to it closes, so also when this process is killed.
 * Where there is no such program (macOS, Windows), Pawprint's processes keep each other out by their
 * own lock, and heed DVC's `rwlock`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import type { Repository } from "./repository.ts";

export interface RepositoryLockOptions {
  readonly signal?: AbortSignal;
  /** Waits for the holder instead of failing; called once with its description. */
  readonly onWait?: (who: string) => void;
}

/** As long as DVC itself waits. */
const patienceMs = 3000;
const pollMs = 100;

/**
 * Runs `work` while no other process, of DVC or of Pawprint, changes the repository. `command` is
 * what others are told. Errors: LOCKED; what `work` throws.
 */
export async function withRepositoryLock<T>(
  repository: Repository,
  command: string,
  work: () => Promise<T>,
  options: RepositoryLockOptions = {},
): Promise<T> {
  const own = join(repository.tempFolder, "pawprint.lock");
  if (repository.config.core.hardlinkLock) {
    throw new AppError("DATA_FEATURE_UNSUPPORTED", {
      required: "a repository that is locked by flock(2)",
      received: "core.hardlink_lock = true",
      where: join(repository.dvcFolder, "config"),
      hint: "remove that setting where the file system has flock(2), as NFS has since version 4",
    });
  }
  return withLock(
    own,
    async () => {
      const release = await holdFlock(join(repository.tempFolder, "lock"), options);
      try {
        await requireFree(repository, { read: [], write: [repository.root] });
        return await work();
      } finally {
        await release();
      }
    },
    { ...options, what: command },
  ).catch((error: unknown) => {
    throw withCommand(error, command);
  });
}

/** The hint names what could not run. */
function withCommand(error: unknown, command: string): unknown {
  if (!(error instanceof AppError) || error.code !== "LOCKED" || error.hint !== undefined) return error;
  const { required, received, where } = error;
  return new AppError("LOCKED", {
    required,
    ...(received !== undefined && { received }),
    ...(where !== undefined && { where }),
    hint: `run ${command} again when it has ended`,
  });
}

/** Gives the function that lets go. Errors: LOCKED, INTERRUPTED. */
async function holdFlock(
  path: string,
  { signal, onWait }: RepositoryLockOptions,
  patience = patienceMs,
): Promise<() => Promise<void>> {
  const start = Date.now();
  for (let waited = false; ; waited = true) {
    throwIfCancelled(signal);
    const release = await tryFlock(path);
    if (release !== undefined) return release;
    const who = await holderOf(path);
    if (waited === false) onWait?.(who);
    if (onWait === undefined && Date.now() - start > patience) {
      throw new AppError("LOCKED", {
        required: "a repository that no other command changes",
        received: who,
        where: path,
      });
    }
    await pause(pollMs);
  }
}

const heldElsewhere = 1;

/**
 * Undefined where another process holds it; without the program, a function that does nothing.
 * The words are those that BusyBox has too. Errors: FILE_WRITE_FAILED.
 */
async function tryFlock(path: string): Promise<(() => Promise<void>) | undefined> {
  const words = ["-n", path, "sh", "-c", "echo held; exec cat >/dev/null"];
  // In a group of its own: Ctrl-C ends this process, which lets go when its work has ended.
  const child = spawn("flock", words, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  let complaint = "";
  child.stderr.on("data", (chunk) => {
    complaint = (complaint + String(chunk)).slice(0, 1000);
  });
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(
    ([code]) => Number(code),
    () => -1, // there is no such program
  );
  const answer = await Promise.race([once(child.stdout, "data").then(() => "held" as const), ended]);
  if (answer === "held") {
    return async () => {
      child.stdin.end();
      await ended;
    };
  }
  if (answer === -1) return async () => undefined;
  if (answer === heldElsewhere && complaint === "") return undefined;
  throw new AppError("FILE_WRITE_FAILED", {
    required: "a lock by flock(2)",
    received: complaint.trim().split("\n")[0]?.slice(0, 200) || `exit code ${answer} of the program flock`,
    where: path,
  });
}

/** DVC writes its process's number into the file. */
async function holderOf(path: string): Promise<string> {
  const pid = Number((await readFile(path, "utf8").catch(() => "")).trim());
  const since = await stat(path).then(
    ({ mtimeMs }) => Math.round((Date.now() - mtimeMs) / 1000),
    () => 0,
  );
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid)
    ? `a lock of process ${pid}, ${await commandOf(pid)}, taken ${since} s ago`
    : "a lock of another process";
}

async function commandOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return (
    line
      .split("\0")
      .filter(Boolean)
      .map((word) => word.slice(word.lastIndexOf("/") + 1))
      .slice(0, 6)
      .join(" ") || "dvc"
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

interface PathUser {
  readonly pid: number;
  readonly cmd: string;
}

interface PathLocks {
  readonly write: Record<string, PathUser>;
  readonly read: Record<string, PathUser[]>;
}

interface LockedPaths {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/**
 * Runs `work` with `paths` (absolute) entered in DVC's `.dvc/tmp/rwlock`, for commands of stages,
 * which run without the repository's lock. Errors: LOCKED; what `work` throws.
 */
export async function withPathLocks<T>(
  repository: Repository,
  command: string,
  paths: LockedPaths,
  work: () => Promise<T>,
): Promise<T> {
  const own: PathUser = { pid: process.pid, cmd: command };
  await editPathLocks(repository, (locks) => {
    refuseOthers(locks, paths, repository);
    for (const path of paths.write) locks.write[path] = own;
    for (const path of paths.read) locks.read[path] = [...(locks.read[path] ?? []), own];
  });
  try {
    return await work();
  } finally {
    const isOwn = (user: PathUser): boolean => user.pid === own.pid && user.cmd === own.cmd;
    await editPathLocks(repository, (locks) => {
      for (const path of paths.write) if (locks.write[path] && isOwn(locks.write[path])) delete locks.write[path];
      for (const path of paths.read) {
        const at = (locks.read[path] ?? []).findIndex(isOwn);
        if (at !== -1) locks.read[path]?.splice(at, 1);
        if (locks.read[path]?.length === 0) delete locks.read[path];
      }
    });
  }
}

async function editPathLocks(repository: Repository, edit: (locks: PathLocks) => void): Promise<void> {
  const release = await holdFlock(join(repository.tempFolder, "rwlock.lock"), {}, 10_000);
  try {
    const guard = join(repository.tempFolder, "pawprint-rwlock.lock");
    await withLock(
      guard,
      async () => {
        const locks = await readPathLocks(repository);
        edit(locks);
        await writeFileAtomic(join(repository.tempFolder, "rwlock"), JSON.stringify(locks), { force: true });
      },
      { onWait: () => undefined },
    );
  } finally {
    await release();
  }
}

async function readPathLocks({ tempFolder }: Repository): Promise<PathLocks> {
  const text = await readFile(join(tempFolder, "rwlock"), "utf8").catch(() => "{}");
  const isUser = (user: unknown): user is PathUser =>
    typeof user === "object" && user !== null && "pid" in user && typeof user.pid === "number";
  const own = <T>(): Record<string, T> => Object.create(null) as Record<string, T>; // paths may be any text
  const locks = { write: own<PathUser>(), read: own<PathUser[]>() };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return locks; // torn: DVC's processes of it are gone, or write it again
  }
  const { write, read } = (value ?? {}) as { readonly write?: unknown; readonly read?: unknown }; // looked at below
  for (const [path, user] of Object.entries(write ?? {}))
    if (isUser(user) && isAlive(user.pid)) locks.write[path] = user;
  for (const [path, users] of Object.entries(read ?? {})) {
    const alive = Array.isArray(users) ? users.filter((user) => isUser(user) && isAlive(user.pid)) : [];
    if (alive.length > 0) locks.read[path] = alive;
  }
  return locks;
}

async function requireFree(repository: Repository, paths: LockedPaths): Promise<void> {
  refuseOthers(await readPathLocks(repository), paths, repository);
}

/** Errors: LOCKED where another process writes what is read, or uses what is written. */
function refuseOthers(locks: PathLocks, { read, write }: LockedPaths, repository: Repository): void {
  const overlaps = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
  const check = (path: string, users: readonly PathUser[], wanted: readonly string[]): void => {
    const other = users.find(({ pid }) => pid !== process.pid);
    if (other === undefined || !wanted.some((one) => overlaps(one, path))) return;
    throw new AppError("LOCKED", {
      required: "data that no other command uses",
      received: `${path} in use by process ${other.pid}, ${other.cmd}`,
      where: join(repository.tempFolder, "rwlock"),
      hint: "run it again when that has ended",
    });
  };
  for (const [path, user] of Object.entries(locks.write)) check(path, [user], [...read, ...write]);
  for (const [path, users] of Object.entries(locks.read)) check(path, users, write);
}
