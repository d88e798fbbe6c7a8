/**
 * Content hashes as lower-case hexadecimal text: SHA-256 for Pawprint's own identities, MD5 for the
 * formats that ask for it.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { interruptionOf, isAbortError } from "./cancel.ts";
import { readFailure } from "./files/file-failure.ts";

/** MD5 is here because DVC's files are named by it; it is no defence against a forger. */
export type HashAlgorithm = "sha256" | "md5";

export interface FileHash {
  readonly hex: string;
  readonly sizeBytes: number;
}

/** SHA-256 of bytes, or of a text's UTF-8 bytes: 64 hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** MD5 of bytes, or of a text's UTF-8 bytes: 32 hexadecimal digits. */
export function md5(data: Uint8Array | string): string {
  return createHash("md5").update(data).digest("hex");
}

/**
 * The hash and size of a file, read as a stream: memory stays small for a file of any size.
 * Throws FILE_NOT_FOUND, FILE_READ_FAILED, or INTERRUPTED where `signal` is aborted.
 */
export async function hashFile(path: string, algorithm: HashAlgorithm, signal?: AbortSignal): Promise<FileHash> {
  const hash = createHash(algorithm);
  let sizeBytes = 0;
  try {
    const chunks = createReadStream(path, { highWaterMark: 1 << 20, ...(signal === undefined ? {} : { signal }) });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    throw signal?.aborted && isAbortError(error) ? interruptionOf(signal) : readFailure(path, error);
  }
  return { hex: hash.digest("hex"), sizeBytes };
}

/**
 * SHA-256 of an ordered list. Each part goes in behind its length in bytes, so that moving a border
 * between two parts ("ab", "c" and "a", "bc") or adding an empty part changes the hash.
 */
export function contentHash(parts: Iterable<Uint8Array | string>): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const sizeBytes = typeof part === "string" ? Buffer.byteLength(part) : part.byteLength;
    hash.update(`${sizeBytes}:`).update(part);
  }
  return hash.digest("hex");
}
