/** The bundle at an address: downloaded once into a cache by its SHA-256, which every read checks. */
import { lstat, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { interruptionOf } from "../base/cancel.ts";
import { AppError, isAppError, toAppError } from "../base/errors.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { type DownloadOptions, downloadFile } from "../base/files/download.ts";
import { writeFailure } from "../base/files/file-failure.ts";
import { readBytes } from "../base/files/read-file.ts";
import { sha256InPieces } from "../base/hash.ts";
import { withLock } from "../base/locks/lock-file.ts";
import { type BundleSource, modelNameFrom, type SourcedBundle } from "./bundle-source.ts";
import type { BundleUrl } from "./bundle-url.ts";

export interface UrlBundleOptions extends DownloadOptions {
  /** Where downloads are kept; made where it is missing. */
  readonly cache: string;
  /** The cache where that one cannot be written, in a folder that all users write to. */
  readonly sharedCache: string;
  readonly maximumBytes: number;
  /** For the whole download. Default 900,000. */
  readonly timeoutMs?: number;
}

/** A bundle that was downloaded. */
export interface UrlBundle extends SourcedBundle {
  /** Its file in the cache. */
  readonly path: string;
}

/** How long a source that failed is not asked again: a service looks at its sources every few seconds. */
const pauseMs = 30_000;

/** Its stamp never changes: what the address is of is in the address. `close` ends a download. */
export function urlSource(
  address: BundleUrl,
  options: UrlBundleOptions,
  now: () => number = () => performance.now(),
): BundleSource {
  const closing = new AbortController();
  const { signal } = options;
  const reading = { ...options, signal: signal ? AbortSignal.any([closing.signal, signal]) : closing.signal };
  let failed: { readonly error: AppError; readonly at: number } | undefined;
  return {
    name: modelNameFrom(address.fileName),
    location: address.shown,
    stamp: async () => address.sha256,
    async read() {
      if (failed !== undefined && now() - failed.at < pauseMs) throw failed.error;
      try {
        return await readUrlBundle(address, reading);
      } catch (thrown) {
        const error = toAppError(thrown);
        failed = error.kind === "unavailable" ? { error, at: now() } : undefined;
        throw error;
      }
    },
    async close() {
      closing.abort();
    },
  };
}

/**
 * The bundle from the cache; downloaded first where it is not there. It always has the SHA-256 of its
 * address.
 * Errors: DOWNLOAD_FAILED, DOWNLOAD_MISMATCH; FILE_READ_FAILED for one in the cache of more than
 * `maximumBytes`; FILE_WRITE_FAILED where neither cache can be written; LOCKED where another machine
 * downloads into the same cache; INTERRUPTED, with what came kept.
 */
export async function readUrlBundle(address: BundleUrl, options: UrlBundleOptions): Promise<UrlBundle> {
  const { cache, sharedCache } = options;
  for (const folder of [cache, sharedCache]) {
    const found = await cached(folder, address, options);
    if (found !== undefined) return found;
  }
  try {
    await ensureFolder(cache);
    return await downloadInto(cache, address, options);
  } catch (error) {
    if (!isAppError(error, "FILE_WRITE_FAILED")) throw error;
  }
  await ensureOwnFolder(sharedCache);
  return downloadInto(sharedCache, address, options);
}

const pathIn = (folder: string, { sha256 }: BundleUrl): string => join(folder, `${sha256}.onnx`);

/** Undefined where there is none; one that is damaged is removed. */
async function cached(
  folder: string,
  address: BundleUrl,
  { maximumBytes }: UrlBundleOptions,
): Promise<UrlBundle | undefined> {
  const path = pathIn(folder, address);
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere) return undefined;
  const bytes = await readBytes(path, address.shown, maximumBytes);
  if ((await sha256InPieces(bytes)) === address.sha256) return { bytes, where: address.shown, path };
  // Where it stays, the download finds it and says so.
  await rm(path, { force: true }).catch(() => undefined);
  return undefined;
}

/** One process of this machine at a time; the next one finds the file. */
async function downloadInto(folder: string, address: BundleUrl, options: UrlBundleOptions): Promise<UrlBundle> {
  const { signal } = options;
  const lock = join(folder, `${address.sha256}.lock`);
  const waiting = { ...(signal && { signal }), onWait: () => undefined, what: "a download" };
  return withLock(
    lock,
    async () => {
      const found = await cached(folder, address, options);
      if (found !== undefined) return found;
      await download(pathIn(folder, address), address, options);
      const bytes = await cached(folder, address, options);
      if (bytes !== undefined) return bytes;
      throw new AppError("DOWNLOAD_MISMATCH", {
        required: `the file with SHA-256 ${address.sha256}`,
        received: "another one, soon after it was downloaded",
        where: pathIn(folder, address),
        hint: "look at the disk, and what else writes there",
      });
    },
    waiting,
  );
}

async function download(to: string, address: BundleUrl, options: UrlBundleOptions): Promise<void> {
  const { url, sha256, authorization, shown } = address;
  const { signal, maximumBytes, timeoutMs = 900_000, ...others } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    await downloadFile(
      {
        urls: [url],
        to,
        sha256,
        maximumBytes,
        where: shown,
        ...(authorization !== undefined && { headers: { authorization } }),
      },
      { attempts: 3, ...others, signal: signal ? AbortSignal.any([signal, limit]) : limit },
    );
  } catch (error) {
    if (signal?.aborted) throw interruptionOf(signal);
    if (!limit.aborted || !isAppError(error, "INTERRUPTED")) throw error;
    throw new AppError("DOWNLOAD_FAILED", {
      required: `a bundle within ${timeoutMs} ms`,
      received: "a part of it",
      where: shown,
      hint: "run it again: it goes on where it ended",
    });
  }
}

/** Others may have put a folder, or a link, at this place: what is written there is to stay ours. */
async function ensureOwnFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeFailure(path, error);
  });
  const found = await lstat(path).catch((error: unknown) => {
    throw writeFailure(path, error);
  });
  if (found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())) return;
  throw new AppError("FILE_WRITE_FAILED", {
    required: "a folder of this user",
    received: found.isDirectory() ? "one of another user" : "no folder",
    where: path,
    hint: "remove it, or set TMPDIR to another folder",
  });
}
