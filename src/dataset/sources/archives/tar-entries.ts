/**
 * One pass through a tar or tar.gz: its entries in their order, each with its content as a stream.
 */
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Extract, type ExtractEvents, extract, type Header } from "tar-stream";
import { readFailure } from "../../../base/files/file-failure.ts";
import { chunksOf } from "../../../base/files/regular-file.ts";
import { unpackedLimitOf, unpacksToTooMuch } from "./archive-errors.ts";

export interface TarInput {
  readonly handle: FileHandle;
  readonly location: string;
  /** Size of the file as it lies on the disk. */
  readonly sizeBytes: number;
  readonly isGzip: boolean;
  /** As for `unpackedLimitOf`. */
  readonly unpackedFloorBytes: number | undefined;
}

const chunkBytes = 1 << 18;
const blockBytes = 512;

/** An entry of any type: `header` says what it is, the stream gives its content. */
export type TarStreamEntry = ExtractEvents["entry"][1];

/**
 * Tars from before 1988 lack the word "ustar"; their headers still carry a checksum, which is
 * verified.
 */
const options: Parameters<typeof extract>[0] & { allowUnknownFormat: boolean; filenameEncoding: string } = {
  allowUnknownFormat: true,
  filenameEncoding: "latin1", // one character for each byte
};

/** An entry's name: text from a pax header, which is UTF-8, else the bytes of the header. */
export function rawNameOf({ name, pax }: Header): string | Buffer {
  const isText = typeof pax === "object" && pax !== null && "path" in pax && pax.path === name;
  return isText ? name : Buffer.from(name, "latin1");
}

/**
 * The entries of every type, links and folders too. Content that is not read is passed over when
 * the next entry is asked for.
 * Errors: FILE_READ_FAILED, ARCHIVE_LIMIT; tar-stream's and zlib's own for a damaged archive.
 */
export async function* readTarEntries(input: TarInput): AsyncGenerator<TarStreamEntry, void, undefined> {
  const parser = extract(options);
  const flow = startFlow(input, parser);
  try {
    for await (const entry of parser) {
      yield entry;
      entry.resume();
    }
  } finally {
    parser.destroy();
    await flow;
  }
}

/**
 * Feeds the file to the parser. It never throws: a failure destroys the parser, which hands it to
 * whoever reads entries.
 */
async function startFlow(input: TarInput, parser: Extract): Promise<void> {
  const feed = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of checkFlow(chunks, input)) {
      if (parser.destroying) return;
      if (!parser.write(chunk) && !parser.destroyed) await drainOf(parser);
    }
    parser.end(null);
  };
  try {
    if (input.isGzip) await pipeline(readChunks(input), createGunzip({ chunkSize: chunkBytes }), feed);
    else await feed(readChunks(input));
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Ends when the parser takes more, or never will. */
function drainOf(parser: Extract): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      parser.off("drain", done);
      parser.off("close", done);
      resolve();
    };
    parser.on("drain", done);
    parser.on("close", done);
  });
}

async function* readChunks({ handle, location }: TarInput): AsyncGenerator<Buffer> {
  try {
    yield* chunksOf(handle);
  } catch (error) {
    throw readFailure(location, error);
  }
}

/**
 * Passes unpacked bytes on, ends a bomb before it does harm, and misses the blocks of zeros that
 * end every whole tar.
 */
async function* checkFlow(chunks: AsyncIterable<Buffer>, input: TarInput): AsyncGenerator<Buffer> {
  const limitBytes = unpackedLimitOf(input.sizeBytes, input.unpackedFloorBytes);
  let unpackedBytes = 0;
  let zerosAtEnd = 0;
  for await (const chunk of chunks) {
    unpackedBytes += chunk.length;
    if (unpackedBytes > limitBytes) throw unpacksToTooMuch(limitBytes, input.location);
    const zeros = countZerosAtEnd(chunk);
    zerosAtEnd = zeros === chunk.length ? zerosAtEnd + zeros : zeros;
    yield chunk;
  }
  if (zerosAtEnd < blockBytes) throw new Error("an end without the two blocks of zeros");
}

function countZerosAtEnd(chunk: Uint8Array): number {
  let at = chunk.length;
  while (at > 0 && chunk[at - 1] === 0) at--;
  return chunk.length - at;
}
