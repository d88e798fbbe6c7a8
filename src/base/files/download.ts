/**
 * Downloads a file, checked by its size and SHA-256 where these are known; resumes after a broken
 * connection, and writes the file whole or not at all.
 */
import { open, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { interruptionOf, throwIfCancelled } from "../cancel.ts";
import { AppError, isAppError } from "../errors.ts";
import { sha256File } from "../hash.ts";
import { type Progress, type ProgressHandle, silentProgress } from "../progress.ts";
import { formatBytes } from "../quantity.ts";
import { appendToPart, finishPart, partSize, readValidator, removePart, writeValidator } from "./download-part.ts";
import { AttemptFailure, follow, requireLength, tooLarge, wrongLength } from "./download-response.ts";
import { systemCodeOf, writeFailure } from "./file-failure.ts";

export interface Download {
  /** Addresses of the same bytes, tried in order. */
  readonly urls: readonly string[];
  /** The file; its folder must exist. */
  readonly to: string;
  /** 64 hexadecimal digits, where it is known what the file must be. */
  readonly sha256?: string;
  /** Without it the end of an answer is taken for the file's; without `sha256` too, nothing is resumed. */
  readonly sizeBytes?: number;
  /** No more is written to the disk. */
  readonly maximumBytes?: number;
  /** Sent with every request; `authorization` not to another origin. Names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What errors name in the place of file and addresses, where these may hold what is secret. */
  readonly where?: string;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Attempts for each address; the count starts again whenever bytes came. Default 5. */
  readonly attempts?: number;
  /** A connection is given up after so long without a byte. Default 30,000. */
  readonly stallMs?: number;
  /** Wait before the second attempt; doubles each time, up to a minute. Default 1,000. */
  readonly waitMs?: number;
}

const longestWaitMs = 60_000;

/**
 * Downloads into `TO.part`, resumes it in the next call, and renames it once its hash is right. An
 * existing file with the right hash is left alone, without a request.
 * Errors: FILE_EXISTS for another file of this name; DOWNLOAD_FAILED where no address gave the
 * file; DOWNLOAD_MISMATCH for other bytes than were published, or more than `maximumBytes` (they
 * are deleted); FILE_WRITE_FAILED; INTERRUPTED, with the part kept.
 */
export async function downloadFile(
  download: Download,
  options: DownloadOptions = {},
): Promise<"downloaded" | "present"> {
  const { to, sha256, sizeBytes, urls, where } = download;
  const { progress = silentProgress } = options;
  if (await isThere(to)) {
    const hex = await sha256File(to, options.signal);
    if (hex === sha256) return "present";
    throw new AppError("FILE_EXISTS", {
      required: "a name that is free, or the file that was published",
      received: `another file, with SHA-256 ${hex}`,
      where: to,
      hint: "move it away, or choose another folder (`to`)",
    });
  }
  const label = to.split(/[\\/]/).at(-1)!;
  const task = progress.start({ label, ...(sizeBytes !== undefined && { total: sizeBytes }), unit: "B" });
  try {
    const failures: string[] = [];
    for (const url of urls) {
      const failure = await downloadFrom(url, download, options, task);
      if (failure === undefined) {
        await finishPart(to, download, options.signal);
        task.done();
        return "downloaded";
      }
      failures.push(where === undefined ? `${url}: ${failure}` : failure);
    }
    throw new AppError("DOWNLOAD_FAILED", {
      required: `${sizeBytes === undefined ? "a file" : formatBytes(sizeBytes)} from ${urls.length === 1 ? "its address" : "one of its addresses"}`,
      received: failures.join("; "),
      where: where ?? to,
      hint: "run it again: it goes on where it ended",
    });
  } catch (error) {
    task.fail();
    throw error;
  }
}

/** All attempts at one address; undefined where the part is complete, else why it is not. */
async function downloadFrom(
  url: string,
  download: Download,
  { signal, attempts = 5, stallMs = 30_000, waitMs = 1000 }: DownloadOptions,
  task: ProgressHandle,
): Promise<string | undefined> {
  let shown = 0;
  const show = (partBytes: number): void => {
    // Bytes that a server made us fetch again are not shown twice.
    if (partBytes > shown) task.advance(partBytes - shown);
    shown = Math.max(shown, partBytes);
  };
  for (let attempt = 1; ; attempt++) {
    const before = await partSize(download.to);
    try {
      await attemptOnce(url, download, stallMs, signal, show);
      return undefined;
    } catch (error) {
      if (signal?.aborted) throw interruptionOf(signal);
      if (error instanceof AppError) throw error;
      const failure = error instanceof AttemptFailure ? error : new AttemptFailure(messageOf(error), true);
      if ((await partSize(download.to)) > before) attempt = 1;
      if (!failure.retry || attempt >= attempts) return failure.message;
      const wait = Math.min(longestWaitMs, failure.waitMs ?? waitMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
      await pause(wait, undefined, { signal }).catch(() => throwIfCancelled(signal));
    }
  }
}

/** One connection: asks for what is missing and appends it. */
async function attemptOnce(
  url: string,
  { to, sha256, sizeBytes, maximumBytes, headers: own = {}, where = to }: Download,
  stallMs: number,
  signal: AbortSignal | undefined,
  show: (partBytes: number) => void,
): Promise<void> {
  const have = await partSize(to);
  if (have === sizeBytes) return show(have);
  const isPart = have > 0 && (sizeBytes === undefined ? sha256 !== undefined : have < sizeBytes);
  const validator = isPart ? await readValidator(to, url) : undefined;
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  signal?.addEventListener("abort", stop, { once: true });
  let watchdog = setTimeout(stop, stallMs);
  try {
    const headers = { ...own, ...(validator !== undefined && { range: `bytes=${have}-`, "if-range": validator }) };
    const response = await follow(url, headers, controller.signal);
    if (response.status === 416) {
      await response.body?.cancel();
      await removePart(to);
      throw new AttemptFailure("status 416", true);
    }
    const isContinued = response.status === 206 && validator !== undefined;
    const limits = {
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(maximumBytes !== undefined && { maximumBytes }),
    };
    requireLength(response, isContinued, have, limits, where);
    await writeValidator(to, url, response);
    const handle = await open(`${to}.part`, isContinued ? "a" : "w").catch((error: unknown) => {
      throw writeFailure(to, error);
    });
    try {
      let partBytes = isContinued ? have : 0;
      show(partBytes);
      for await (const chunk of response.body ?? []) {
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, stallMs);
        partBytes += chunk.byteLength;
        if (sizeBytes !== undefined && partBytes > sizeBytes)
          throw await without(to, wrongLength(where, `more than ${sizeBytes} bytes`, sizeBytes));
        if (maximumBytes !== undefined && partBytes > maximumBytes)
          throw await without(to, tooLarge(where, "more", maximumBytes));
        await appendToPart(handle, chunk, to);
        show(partBytes);
      }
      if (sizeBytes !== undefined && partBytes < sizeBytes)
        throw new AttemptFailure(`an end after ${partBytes} of ${sizeBytes} bytes`, true);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const isStalled = controller.signal.aborted && !signal?.aborted;
    throw isStalled ? new AttemptFailure(`no byte for ${stallMs} ms`, true) : error;
  } finally {
    clearTimeout(watchdog);
    signal?.removeEventListener("abort", stop);
  }
}

/** The error, once the part is gone. */
async function without(to: string, error: AppError): Promise<AppError> {
  await removePart(to);
  return error;
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw writeFailure(path, error);
  }
}

/** fetch hides the reason in its cause. */
function messageOf(error: unknown): string {
  if (isAppError(error)) return error.message;
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error ? reason.message || reason.name : String(reason);
}
