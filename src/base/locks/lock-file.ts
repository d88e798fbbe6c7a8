/** A lock file that lets one process at a time work in a folder; stale locks are taken over. */
import { randomUUID } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { throwIfCancelled } from "../cancel.ts";
import { AppError, isAppError } from "../errors.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { readFailure, systemCodeOf } from "../files/file-failure.ts";
import { beat } from "./lock-heartbeat.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

interface Holder extends ProcessIdentity {
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
  /** The command. */
  readonly what?: string;
}

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Wait for other processes of this machine; called once with the description of the holder. */
  readonly onWait?: (who: string) => void;
  /** The command that holds it, for the description. */
  readonly what?: string;
}

/** A lock that is held. */
export interface Lock {
  /**
   * Call before an irreversible step: a process that was suspended for long may have lost its lock.
   * Errors: LOCKED.
   */
  requireHeld(): Promise<void>;
}

/** Contents of the locks that this process holds. */
const held = new Set<string>();
/** A lock file whose time does not change for so long is stale. */
const silenceMs = 10_000;

/**
 * Runs `work` while a lock file stands at `path`; its folder must exist. A lock whose process on
 * this machine is gone, however it ended, is taken over. The file goes when the work ends. With
 * `onWait`, a process of this machine that holds it is waited for.
 * Errors: LOCKED where another process, or this one, holds it; FILE_WRITE_FAILED; what `work`
 * throws.
 */
export async function withLock<T>(
  path: string,
  work: (lock: Lock) => Promise<T>,
  { signal, onWait, what }: LockOptions = {},
): Promise<T> {
  const since = new Date().toISOString();
  const holder: Holder = { ...(await ownIdentity()), host: hostname(), since, ...(what !== undefined && { what }) };
  const text = `${JSON.stringify({ ...holder, id: randomUUID() })}\n`;
  const isHeld = async (): Promise<boolean> => (await readIfThere(path)) === text;
  held.add(text);
  try {
    await (onWait ? acquireInTurn(path, text, onWait, signal) : acquire(path, text, signal));
    const endBeat = beat(path, text);
    try {
      return await work({
        async requireHeld() {
          if (!(await isHeld())) throw locked(path, parseHolder((await readIfThere(path)) ?? ""));
        },
      });
    } finally {
      endBeat();
      if (await isHeld()) await rm(path, { force: true });
    }
  } finally {
    held.delete(text);
  }
}

const waitMs = 200;

/** Waits while another process of this machine holds the lock. */
async function acquireInTurn(
  path: string,
  text: string,
  onWait: (who: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let waited = 0; ; waited++) {
    try {
      return await acquire(path, text, signal);
    } catch (error) {
      if (!isAppError(error, "LOCKED")) throw error;
      const theirs = await readIfThere(path);
      const other = theirs === undefined ? undefined : parseHolder(theirs);
      if (theirs !== undefined && other?.host !== hostname()) throw error;
      if (waited === 0) onWait(error.received ?? "another process");
    }
    await pause(waitMs, undefined, signal && { signal }).catch(() => throwIfCancelled(signal));
  }
}

/** After so many lost races another process holds the lock. */
const attempts = 5;

async function acquire(path: string, text: string, signal: AbortSignal | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(signal);
    try {
      // The file appears under its name with its content, or not at all.
      await writeFileAtomic(path, text);
      return;
    } catch (error) {
      if (!isAppError(error, "FILE_EXISTS")) throw error;
    }
    const theirs = await readIfThere(path);
    if (theirs === undefined) continue;
    const holder = parseHolder(theirs);
    const isHeld = holder !== undefined && (held.has(theirs) || !(await isGone(path, holder, signal)));
    if (attempt === attempts || isHeld) throw locked(path, holder);
    await removeStale(path, theirs, signal);
    await pause(10 * attempt);
  }
}

/**
 * Removes a stale lock, but never a new one in its place: the removal has a lock of its own and
 * checks again. If the process is killed in between, that lock is stale in turn.
 */
async function removeStale(path: string, stale: string, signal: AbortSignal | undefined): Promise<void> {
  const remove = async (): Promise<void> => {
    if ((await readIfThere(path)) === stale) await rm(path, { force: true });
  };
  try {
    await withLock(`${path}.takeover`, remove, { ...(signal && { signal }) });
  } catch (error) {
    if (!isAppError(error, "LOCKED")) throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw readFailure(path, error);
  }
}

/** Undefined for a file that no Pawprint wrote: nothing holds it. */
function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, since, space, started, what }: Partial<Record<keyof Holder, unknown>> = JSON.parse(text);
    if (typeof pid !== "number" || typeof host !== "string") return undefined;
    const known = { pid, host, since: String(since), space: String(space), started: String(started) };
    return { ...known, ...(typeof what === "string" && { what: what.slice(0, 100) }) };
  } catch {
    return undefined;
  }
}

/** A process of another machine (shared disk) cannot be checked: it counts as running. */
async function isGone(path: string, holder: Holder, signal?: AbortSignal): Promise<boolean> {
  if (holder.host !== hostname()) return false;
  const own = await ownIdentity();
  // The process id means nothing here: the machine or container was restarted, or another container
  // has the same host name.
  if (holder.space !== own.space) return isSilent(path, signal);
  // Locks of this process are in `held`; this one is of an earlier process with the same id.
  return holder.pid === own.pid || !(await isRunning(holder));
}

/** Waits for the holder's next heartbeat; true where none comes, or the lock disappears. */
async function isSilent(path: string, signal?: AbortSignal): Promise<boolean> {
  const beatOf = () =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
  const first = await beatOf();
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += waitMs) {
    await pause(waitMs, undefined, signal && { signal }).catch(() => throwIfCancelled(signal));
    const latest = await beatOf();
    if (latest !== first) return latest === undefined;
  }
  return true;
}

function locked(path: string, holder: Holder | undefined): AppError {
  const what = holder?.what === undefined ? "" : `${holder.what}, `;
  const who = holder
    ? `${what}process ${holder.pid} on ${holder.host}, since ${holder.since}`
    : "a file of another kind";
  return new AppError("LOCKED", {
    required: "a folder without another process at work in it",
    received: who,
    where: path,
    hint: "wait until it has ended; if that is another program by now, or it ran on another machine and is gone, delete this file",
  });
}
