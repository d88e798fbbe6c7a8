/** Content hashes: SHA-256 as 64 lower-case hexadecimal digits. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { interruptionOf, isAbortError } from "./cancel.ts";
import { readFailure } from "./files/file-failure.ts";

/** SHA-256 of bytes, or of a text's UTF-8 bytes. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

const pieceBytes = 4 * 2 ** 20;

/** As `sha256`, piece by piece: a service goes on answering between them. */
export async function sha256InPieces(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    hash.update(bytes.subarray(at, at + pieceBytes));
    await setImmediate();
  }
  return hash.digest("hex");
}

/**
 * SHA-256 of a file, read as a stream: memory stays small for a file of any size.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; INTERRUPTED where `signal` is aborted.
 */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    const chunks = createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) });
    for await (const chunk of chunks) hash.update(chunk);
  } catch (error) {
    throw signal?.aborted && isAbortError(error) ? interruptionOf(signal) : readFailure(path, error);
  }
  return hash.digest("hex");
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
