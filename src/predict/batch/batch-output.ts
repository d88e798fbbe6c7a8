/** Where the rows of a batch prediction go: a file or an object, complete or absent. */
import { lstat, rm } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder, writeFileAtomic } from "../../base/files/atomic-file.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import { sha256 } from "../../base/hash.ts";
import { isS3Address, parseS3Address, s3AddressForm } from "../../storage/s3-address.ts";
import { openS3Store } from "../../storage/s3-store.ts";
import type { Shard } from "./shard.ts";

export interface BatchOutput {
  /** The file's path or the object's address. */
  readonly location: string;
  /** Where unfinished rows are kept unless the caller says where. */
  readonly statePath: string;
  /** Errors: FILE_READ_FAILED, STORE_FAILED; FILE_WRITE_FAILED for a folder, which is not replaced. */
  exists(): Promise<boolean>;
  /**
   * Writes all of it, in place of an old one with `force`.
   * Errors: FILE_EXISTS, FILE_WRITE_FAILED, STORE_FAILED, INTERRUPTED; those of the chunks.
   */
  write(
    chunks: AsyncIterable<Uint8Array | string>,
    options: { readonly force: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<void>;
  close(): Promise<void>;
}

/** `predictions.csv` becomes `predictions.0-of-4.csv` for the first of four shards. */
export function nameOfShard(out: string, shard: Shard | undefined): string {
  if (shard === undefined) return out;
  const ending = extname(out);
  return `${out.slice(0, out.length - ending.length)}.${shard.index}-of-${shard.count}${ending}`;
}

/** Errors: CONFIG_INVALID for an address of another form; PACKAGE_MISSING for an object. */
export async function openOutput(out: string, cwd: string): Promise<BatchOutput> {
  return isS3Address(out) ? openObject(out, cwd) : openFile(resolve(cwd, out));
}

function openFile(path: string): BatchOutput {
  return {
    location: path,
    statePath: `${path}.partial`,
    async exists() {
      const found = await lstat(path).catch((error: unknown) => {
        if (systemCodeOf(error) === "ENOENT") return undefined;
        throw readFailure(path, error);
      });
      if (found?.isDirectory()) throw isFolder(path);
      return found !== undefined;
    },
    async write(chunks, { force, signal }) {
      await ensureFolder(dirname(path));
      await writeFileAtomic(path, chunks, { force, ...(signal && { signal }) });
    },
    async close() {},
  };
}

async function openObject(address: string, cwd: string): Promise<BatchOutput> {
  const cut = address.lastIndexOf("/");
  const key = address.slice(cut + 1);
  const folder = parseS3Address(address.slice(0, cut + 1));
  if (folder === undefined || key === "") {
    // Without the text, which may hold a password.
    throw new AppError("CONFIG_INVALID", {
      required: `${s3AddressForm}, and a key that ends with a file's name`,
      received: "another text behind s3://",
      where: "out",
    });
  }
  const store = await openS3Store(folder);
  const statePath = join(cwd, ".pawprint", "batch", `${sha256(address).slice(0, 16)}.partial`);
  return {
    location: address,
    statePath,
    exists: async () => (await store.head(key)) !== undefined,
    async write(chunks, { force, signal }) {
      // A store wants the size before the first byte.
      const file = `${statePath}.object`;
      try {
        await writeFileAtomic(file, chunks, { force: true, ...(signal && { signal }) });
        await store.write(key, { file }, { ...(force ? {} : { only: "absent" as const }), ...(signal && { signal }) });
      } catch (error) {
        throw !force && isAppError(error, "STORE_CONFLICT") ? outputExists(address) : error;
      } finally {
        await rm(file, { force: true });
      }
    },
    close: () => store.close(),
  };
}

/** FILE_EXISTS for an output that is not to be replaced. */
export function outputExists(where: string): AppError {
  return new AppError("FILE_EXISTS", {
    required: "an output that does not exist yet",
    received: "one that does",
    where,
    hint: "give `force` to replace it",
  });
}

function isFolder(where: string): AppError {
  return new AppError("FILE_WRITE_FAILED", {
    required: "a path that can be written",
    received: "a folder of this name",
    where,
    hint: "name a file",
  });
}
