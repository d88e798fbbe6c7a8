/** Objects below a prefix of a bucket in an S3-compatible store. */
import { Readable } from "node:stream";
import { throwIfCancelled } from "../base/cancel.ts";
import { type ObjectContent, withChunks } from "./object-content.ts";
import { requireKey, requirePrefix } from "./object-key.ts";
import {
  type ByteRange,
  conflict,
  type ObjectStore,
  type ReadOptions,
  requireRange,
  type StoreCallOptions,
  type StoredObject,
  type WriteOptions,
} from "./object-store.ts";
import type { S3Address } from "./s3-address.ts";
import { abortedBy, connectS3, type S3Connection, type S3Options, type S3Target } from "./s3-connection.ts";
import { isMissing, isOtherVersion, isPastEnd, s3Failure } from "./s3-failure.ts";
import { uploadObject } from "./s3-upload.ts";

export interface S3StoreOptions {
  /** Larger objects are written in parts of this size. Default 16 MiB; S3 takes 5 MiB or more. */
  readonly partBytes?: number;
  readonly connection?: S3Options;
}

/** How often a body that breaks off is asked for; other failures are retried by the SDK. */
const bodyAttempts = 3;

/** Sends nothing yet; see `connectS3` for where credentials come from. Errors: PACKAGE_MISSING. */
export async function openS3Store(address: S3Address, options: S3StoreOptions = {}): Promise<ObjectStore> {
  return new S3Store(await connectS3(options.connection), address, options);
}

class S3Store implements ObjectStore {
  readonly #connection: S3Connection;
  readonly #address: S3Address;
  readonly #partBytes: number;

  constructor(connection: S3Connection, address: S3Address, { partBytes = 16 * 2 ** 20 }: S3StoreOptions) {
    this.#connection = connection;
    this.#address = address;
    this.#partBytes = partBytes;
  }

  addressOf(key: string): string {
    return `s3://${this.#address.bucket}/${this.#address.prefix}${key}`;
  }

  /** Leaves out the markers of folders: keys that end with a slash. */
  async *list(prefix = "", { signal }: StoreCallOptions = {}): AsyncGenerator<StoredObject> {
    requirePrefix(prefix, this.addressOf(""));
    throwIfCancelled(signal);
    const { sdk, client } = this.#connection;
    const { bucket, prefix: root } = this.#address;
    const pages = sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: root + prefix }, abortedBy(signal));
    try {
      for await (const { Contents = [] } of pages) {
        for (const { Key = "", Size = 0, ...facts } of Contents) {
          const key = Key.slice(root.length);
          if (key !== "" && !key.endsWith("/")) yield { key, sizeBytes: Size, version: versionOf(facts, Size) };
        }
      }
    } catch (error) {
      throw s3Failure(this.addressOf(prefix), error, signal);
    }
  }

  async head(key: string, { signal }: StoreCallOptions = {}): Promise<StoredObject | undefined> {
    const { sdk, client } = this.#connection;
    const target = this.#targetOf(key);
    try {
      const found = await client.send(new sdk.HeadObjectCommand(target), abortedBy(signal));
      const { ContentLength: sizeBytes = 0 } = found;
      return { key, sizeBytes, version: versionOf(found, sizeBytes) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw s3Failure(this.addressOf(key), error, signal);
    }
  }

  /** A body that breaks off is asked for again from where it ended. */
  async *read(key: string, { range = { start: 0 }, version, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const target = this.#targetOf(key);
    const where = this.addressOf(key);
    requireRange(range, where);
    let known = version;
    let { start } = range;
    for (let attempt = 1; range.end === undefined || start < range.end; attempt++) {
      const body = await this.#get(target, { ...range, start }, { ...(known && { version: known }), signal }, where);
      if (body === undefined) return;
      known = body.version;
      try {
        for await (const chunk of body.chunks) {
          start += chunk.byteLength;
          yield chunk;
        }
        return;
      } catch (error) {
        if (attempt === bodyAttempts || signal?.aborted) throw s3Failure(where, error, signal);
      }
    }
  }

  async write(key: string, content: ObjectContent, options: WriteOptions = {}): Promise<StoredObject> {
    const target = this.#targetOf(key);
    const where = this.addressOf(key);
    throwIfCancelled(options.signal);
    return withChunks(content, where, async (sized) => {
      const upload = { ...options, where, partBytes: this.#partBytes };
      const version = await uploadObject(this.#connection, target, sized, upload);
      if (version !== undefined) return { key, sizeBytes: sized.sizeBytes, version };
      const written = await this.head(key, options);
      if (written === undefined) throw conflict(where);
      return written;
    });
  }

  async delete(key: string, { signal }: StoreCallOptions = {}): Promise<void> {
    const { sdk, client } = this.#connection;
    const removal = new sdk.DeleteObjectCommand(this.#targetOf(key));
    await client.send(removal, abortedBy(signal)).catch((error: unknown) => {
      if (!isMissing(error)) throw s3Failure(this.addressOf(key), error, signal);
    });
  }

  async close(): Promise<void> {
    this.#connection.client.destroy();
  }

  #targetOf(key: string): S3Target {
    requireKey(key, this.addressOf(""));
    return { Bucket: this.#address.bucket, Key: this.#address.prefix + key };
  }

  /** One answer with its body; undefined where the range begins past the end. */
  async #get(
    target: S3Target,
    { start, end }: ByteRange,
    { version, signal }: { readonly version?: string; readonly signal: AbortSignal | undefined },
    where: string,
  ): Promise<{ readonly chunks: AsyncIterable<Uint8Array>; readonly version: string } | undefined> {
    const { sdk, client } = this.#connection;
    const isETag = version !== undefined && !version.startsWith("@");
    const get = new sdk.GetObjectCommand({
      ...target,
      ...(isETag && { IfMatch: version }),
      ...((start > 0 || end !== undefined) && { Range: `bytes=${start}-${end === undefined ? "" : end - 1}` }),
    });
    try {
      const answer = await client.send(get, abortedBy(signal));
      const { Body, ContentLength = 0, ContentRange } = answer;
      if (!(Body instanceof Readable)) throw new Error("an answer without a body");
      const sizeBytes = Number(/\/(\d+)$/.exec(ContentRange ?? "")?.[1] ?? ContentLength);
      const found = versionOf(answer, sizeBytes);
      if (version === undefined || isETag || version === found) return { chunks: Body, version: found };
      Body.destroy();
    } catch (error) {
      if (isPastEnd(error)) return undefined;
      if (!isOtherVersion(error)) throw s3Failure(where, error, signal);
    }
    throw conflict(where);
  }
}

interface VersionFacts {
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
}

/** A few stores give no ETags: size and time have to do there. No ETag begins with `@`. */
function versionOf({ ETag, LastModified }: VersionFacts, sizeBytes: number): string {
  return ETag ?? `@${sizeBytes}-${Math.floor((LastModified?.getTime() ?? 0) / 1000)}`;
}
