/** Writes one object to S3 in a single request or in parts; it appears whole or not at all. */
import { randomUUID } from "node:crypto";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { joinChunks, type SizedChunks } from "./object-content.ts";
import { conflict, type WriteOptions } from "./object-store.ts";
import { abortedBy, type S3Connection, type S3Target } from "./s3-connection.ts";
import { attemptsOf, isMissing, isOtherVersion, isRepeat, s3Failure } from "./s3-failure.ts";

/** The most parts that S3 joins to one object. */
const partLimit = 10_000;

/**
 * The entry of an object's metadata that tells writes apart which the store may refuse to repeat.
 */
const writeIdName = "pawprint-write";

interface Upload extends S3Connection {
  readonly target: S3Target;
  /** The object's address, for messages. */
  readonly where: string;
  readonly options: WriteOptions;
  readonly writeId: string | undefined;
}

/**
 * Content above `partBytes` goes in parts. Returns the ETag, where the store gives one.
 * Errors: STORE_CONFLICT, STORE_FAILED, INTERRUPTED; those of the chunks.
 */
export async function uploadObject(
  connection: S3Connection,
  target: S3Target,
  { sizeBytes, chunks }: SizedChunks,
  { where, partBytes, ...options }: WriteOptions & { readonly where: string; readonly partBytes: number },
): Promise<string | undefined> {
  const writeId = options.only === undefined && sizeBytes <= partBytes ? undefined : randomUUID();
  const upload: Upload = { ...connection, target, where, options, writeId };
  if (sizeBytes > partBytes) return putParts(upload, chunks, Math.max(partBytes, Math.ceil(sizeBytes / partLimit)));
  const Body = await joinChunks(chunks);
  const put = new connection.sdk.PutObjectCommand({
    ...target,
    ...connection.writing,
    ...metadataOf(upload),
    ...conditionsOf(options),
    Body,
  });
  return commit(upload, () => connection.client.send(put, abortedBy(options.signal)));
}

/** Sends part after part, which keeps one of them in memory. After a failure S3 drops them. */
async function putParts(upload: Upload, chunks: AsyncIterable<Uint8Array>, partBytes: number) {
  const { sdk, client, writing, target, where, options } = upload;
  const abort = abortedBy(options.signal);
  const failed = (error: unknown): never => {
    throw s3Failure(where, error, options.signal);
  };
  // Parts may carry checksums only where the first request says so.
  const isChecked = (await client.config.requestChecksumCalculation()) === "WHEN_SUPPORTED";
  const checksum = isChecked ? ({ ChecksumAlgorithm: "CRC32" } as const) : {};
  const begin = new sdk.CreateMultipartUploadCommand({ ...target, ...writing, ...metadataOf(upload), ...checksum });
  const { UploadId } = await client.send(begin, abort).catch(failed);
  const place = { ...target, UploadId };
  try {
    const parts: CompletedPart[] = [];
    for await (const Body of inParts(chunks, partBytes)) {
      const PartNumber = parts.length + 1;
      const put = new sdk.UploadPartCommand({ ...place, ...checksum, PartNumber, Body });
      const { ETag, ChecksumCRC32 } = await client.send(put, abort).catch(failed);
      parts.push({ PartNumber, ETag, ChecksumCRC32 });
    }
    const MultipartUpload = { Parts: parts };
    const end = new sdk.CompleteMultipartUploadCommand({ ...place, ...conditionsOf(options), MultipartUpload });
    return await commit(upload, () => client.send(end, abort));
  } catch (error) {
    // Parts that are left even so go by the bucket's own rule for unfinished uploads.
    await client.send(new sdk.AbortMultipartUploadCommand(place)).catch(() => undefined);
    throw error;
  }
}

/** Sends the request by which the object appears. */
async function commit(
  upload: Upload,
  send: () => Promise<{ readonly ETag?: string | undefined }>,
): Promise<string | undefined> {
  const { where, options } = upload;
  try {
    return (await send()).ETag;
  } catch (error) {
    // A first attempt whose answer was lost makes the store refuse the second one.
    const own = attemptsOf(error) > 1 && isRepeat(error) ? await ownWrite(upload) : undefined;
    if (own !== undefined) return own.ETag;
    const isRefused = isOtherVersion(error) || (options.only !== undefined && isMissing(error));
    throw isRefused ? conflict(where, options) : s3Failure(where, error, options.signal);
  }
}

/** What the store has now, where this upload wrote it. */
async function ownWrite({ sdk, client, target, where, options, writeId }: Upload) {
  const head = client.send(new sdk.HeadObjectCommand(target), abortedBy(options.signal));
  const found = await head.catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw s3Failure(where, error, options.signal);
  });
  return writeId !== undefined && found?.Metadata?.[writeIdName] === writeId ? found : undefined;
}

function metadataOf({ writeId }: Upload) {
  return writeId === undefined ? {} : { Metadata: { [writeIdName]: writeId } };
}

function conditionsOf({ only }: WriteOptions) {
  if (only === undefined) return {};
  return only === "absent" ? { IfNoneMatch: "*" } : { IfMatch: only.version };
}

/** Chunks put together, or cut, to parts of one size; the last one is smaller. */
async function* inParts(chunks: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Uint8Array> {
  let part = Buffer.alloc(partBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.byteLength; ) {
      const taken = chunk.subarray(from, from + partBytes - filled);
      part.set(taken, filled);
      filled += taken.byteLength;
      from += taken.byteLength;
      if (filled < partBytes) continue;
      yield part;
      part = Buffer.alloc(partBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
