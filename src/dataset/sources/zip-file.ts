/** Reads entries of a zip file where they lie; nothing is unpacked to the disk. */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import * as yauzl from "yauzl";
import { AppError, readFailure } from "../../base/index.ts";
import { pictureLimits, tooManyBytes } from "../../image/index.ts";

const inflate = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw);

export interface ZipEntry {
  /** As it is written in the archive; it may be hostile (`../x`) and is only ever a name. */
  readonly name: string;
  /** What is wrong with the name, in words: absolute, or leading upwards. */
  readonly nameFault: string | undefined;
  /** The content, its checksum verified. Errors: IMAGE_UNREADABLE, IMAGE_SIZE above 256 MiB. */
  bytes(): Promise<Uint8Array>;
}

export interface ZipFile {
  readonly entries: readonly ZipEntry[];
  close(): Promise<void>;
}

/**
 * Opens a zip (also zip64) and lists its files.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; ARCHIVE_CORRUPT where the archive is cut off or its directory is damaged.
 */
export async function openZip(location: string): Promise<ZipFile> {
  const handle = await open(location).catch((error: unknown) => {
    throw readFailure(location, error);
  });
  try {
    const { size } = await handle.stat();
    const reader = new DirectoryReader(handle);
    // Names are decoded here, one by one: yauzl itself would give the whole archive up at the first hostile one.
    const options = { autoClose: false, decodeStrings: false };
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, size, options);
    const entries: ZipEntry[] = [];
    for await (const entry of zip.eachEntry()) {
      const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      if (name.endsWith("/")) continue;
      const nameFault = yauzl.validateFileName(name) ?? undefined;
      entries.push({ name, nameFault, bytes: () => readEntry(handle, zip, entry, `${location}: ${name}`) });
    }
    reader.dropWindow();
    return { entries, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw new AppError("ARCHIVE_CORRUPT", {
      required: "a zip archive that is whole",
      received: error instanceof Error ? error.message : String(error),
      where: location,
      hint: "copy or download it again; 'unzip -t' tests an archive",
      cause: error,
    });
  }
}

async function readEntry(
  handle: FileHandle,
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  where: string,
): Promise<Uint8Array> {
  if (entry.uncompressedSize > pictureLimits.sizeBytes || entry.compressedSize > pictureLimits.sizeBytes) {
    throw tooManyBytes(Math.max(entry.uncompressedSize, entry.compressedSize), where);
  }
  try {
    if (!entry.canDecodeFileData()) throw new Error("it is encrypted, or packed by a method other than deflate");
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const packed = Buffer.allocUnsafe(entry.compressedSize);
    const { bytesRead } = await handle.read(packed, 0, packed.length, fileDataStart);
    if (bytesRead < packed.length) throw new Error(`${packed.length} bytes were promised and ${bytesRead} are there`);
    const stored = entry.compressionMethod === 0;
    const bytes = stored ? packed : await inflate(packed, { maxOutputLength: Math.max(1, entry.uncompressedSize) });
    if (bytes.length !== entry.uncompressedSize)
      throw new Error(`it has ${bytes.length} bytes, not ${entry.uncompressedSize}`);
    if (crc32(bytes) !== entry.crc32) throw new Error("its checksum is wrong");
    return bytes;
  } catch (error) {
    throw new AppError("IMAGE_UNREADABLE", {
      required: "an archive entry that is whole",
      received: error instanceof Error ? error.message : String(error),
      where,
      cause: error,
    });
  }
}

const windowBytes = 1 << 20;

/**
 * Answers yauzl's many small reads from a window of the file: listing 22,500 entries takes 0.4 s instead of 1.9 s.
 * Once the directory is read the window is dropped and reads go straight to the file.
 */
class DirectoryReader extends yauzl.RandomAccessReader {
  readonly #handle: FileHandle;
  #window: Buffer | undefined = Buffer.alloc(0);
  #start = 0;

  constructor(handle: FileHandle) {
    super();
    this.#handle = handle;
  }

  dropWindow(): void {
    this.#window = undefined;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#read(buffer, offset, length, position).then(
      (bytesRead) => callback(null, bytesRead),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #read(buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    if (this.#window === undefined || length > windowBytes) {
      return (await this.#handle.read(buffer, offset, length, position)).bytesRead;
    }
    if (position < this.#start || position + length > this.#start + this.#window.length) {
      const window = Buffer.allocUnsafe(windowBytes);
      const { bytesRead } = await this.#handle.read(window, 0, windowBytes, position);
      this.#window = window.subarray(0, bytesRead);
      this.#start = position;
    }
    return this.#window.copy(buffer, offset, position - this.#start, position - this.#start + length);
  }
}
