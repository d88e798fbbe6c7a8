/** What objects are written from, as chunks of a known size. */
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../base/errors.ts";
import { readFailure } from "../base/files/file-failure.ts";

/** What an object is written from; a stream must have exactly the announced size. */
export type ObjectContent =
  | Uint8Array
  | { readonly file: string }
  | { readonly stream: AsyncIterable<Uint8Array>; readonly sizeBytes: number };

/** Content with its size, as adapters send it. */
export interface SizedChunks {
  readonly sizeBytes: number;
  /** Throws STORE_CONFLICT at the end of content of another size. To be iterated once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Calls `send` with the content's chunks; a file is open meanwhile. Errors: FILE_NOT_FOUND,
 * FILE_READ_FAILED.
 */
export async function withChunks<T>(
  content: ObjectContent,
  where: string,
  send: (sized: SizedChunks) => Promise<T>,
): Promise<T> {
  if (content instanceof Uint8Array) return send(sized(only(content), content.byteLength, where));
  if ("stream" in content) return send(sized(content.stream, content.sizeBytes, where));
  const { file } = content;
  const failed = (error: unknown): never => {
    throw readFailure(file, error);
  };
  const handle = await open(file).catch(failed);
  try {
    const { size } = await handle.stat().catch(failed);
    return await send(sized(fileChunks(handle, file), size, file));
  } finally {
    await handle.close();
  }
}

function sized(chunks: AsyncIterable<Uint8Array>, sizeBytes: number, where: string): SizedChunks {
  return {
    sizeBytes,
    chunks: (async function* () {
      let count = 0;
      for await (const chunk of chunks) {
        count += chunk.byteLength;
        if (count > sizeBytes) break;
        yield chunk;
      }
      if (count === sizeBytes) return;
      throw new AppError("STORE_CONFLICT", {
        required: `content of ${sizeBytes} bytes, as announced`,
        received: count > sizeBytes ? "more bytes" : `${count} bytes`,
        where,
      });
    })(),
  };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* fileChunks(handle: FileHandle, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 });
  } catch (error) {
    throw readFailure(file, error);
  }
}

/** All chunks as one. */
export async function joinChunks(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all.length === 1 ? all[0]! : Buffer.concat(all);
}
