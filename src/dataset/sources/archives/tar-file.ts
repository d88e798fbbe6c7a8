/** Reads entries of a tar or tar.gz from its stream; nothing is unpacked to the disk. */
import { type FileHandle, open } from "node:fs/promises";
import type { Header } from "tar-stream";
import { AppError } from "../../../base/errors.ts";
import { readFailure } from "../../../base/files/file-failure.ts";
import { pictureLimits, tooManyBytes } from "../../../image/decode.ts";
import type { SkippedPicture } from "../source.ts";
import { requireStamp, stampOf } from "../stamped-file.ts";
import { archiveCorrupt } from "./archive-errors.ts";
import { isGzipStart } from "./archive-kind.ts";
import { nameFaultOf, skippedEntry } from "./entry-name.ts";
import { TarCursor } from "./tar-cursor.ts";
import { readTarEntries, type TarInput } from "./tar-entries.ts";

export interface TarEntry {
  /** With forward slashes, without `./`; it leads nowhere outside the archive. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Its position among the entries of every type. */
  readonly at: number;
}

export interface TarFile {
  /**
   * Files in the archive's own order; of several with one name the last, as when it is unpacked.
   */
  readonly entries: readonly TarEntry[];
  /** Links, devices, and names that lead out of the archive. */
  readonly skipped: readonly SkippedPicture[];
  /** Size and time of change of the archive itself. */
  readonly stamp: string;
  /**
   * An entry's content; calls may overlap, and are fast where they come in the order of the
   * entries.
   * Errors: IMAGE_SIZE above 256 MiB, SOURCE_CHANGED, ARCHIVE_CORRUPT, FILE_READ_FAILED.
   */
  read(entry: TarEntry): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a tar, packed by gzip or not, and lists its files in one pass.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED; ARCHIVE_CORRUPT where it is cut off or damaged;
 * ARCHIVE_LIMIT where it unpacks to more than 1 GiB (`unpackedFloorBytes`) and 200 times its own
 * size.
 */
export async function openTar(location: string, { unpackedFloorBytes = 2 ** 30 } = {}): Promise<TarFile> {
  const handle = await open(location).catch((error: unknown) => {
    throw readFailure(location, error);
  });
  try {
    const stats = await handle.stat({ bigint: true });
    const stamp = stampOf(stats);
    const input = {
      handle,
      location,
      sizeBytes: Number(stats.size),
      isGzip: await beginsAsGzip(handle),
      unpackedFloorBytes,
    };
    const { entries, skipped } = await listEntries(input);
    const positions = new Set(entries.filter(isReadable).map(({ at }) => at));
    const cursor = new TarCursor(
      () => readTarEntries(input),
      (at) => positions.has(at),
    );
    return {
      entries,
      skipped,
      stamp,
      read: async (entry) => {
        if (!isReadable(entry)) throw tooManyBytes(entry.sizeBytes, `${location}: ${entry.name}`);
        const content = await cursor.read(entry.at).catch((error: unknown) => error);
        await requireStamp(handle, stamp, location);
        if (content instanceof Uint8Array) return content;
        throw tarFailure(location, content);
      },
      close: async () => {
        await cursor.close();
        await handle.close();
      },
    };
  } catch (error) {
    await handle.close();
    throw tarFailure(location, error);
  }
}

async function listEntries(input: TarInput): Promise<Pick<TarFile, "entries" | "skipped">> {
  const entries = new Map<string, TarEntry>();
  const skipped = new Map<string, SkippedPicture>();
  let position = 0;
  for await (const { header } of readTarEntries(input)) {
    const at = position++;
    if (header.type === "directory") continue;
    const name = plainName(header.name);
    const fault = nameFaultOf(header.name) ?? typeFaultOf(header.type);
    entries.delete(name);
    skipped.delete(name);
    if (fault === undefined) {
      entries.set(name, { name, sizeBytes: header.size ?? 0, mtimeMs: header.mtime?.getTime() ?? 0, at });
    } else {
      skipped.set(name, skippedEntry(header.name, fault));
    }
  }
  return { entries: [...entries.values()], skipped: [...skipped.values()] };
}

function isReadable({ sizeBytes }: TarEntry): boolean {
  return sizeBytes <= pictureLimits.sizeBytes;
}

/** `./cat//a.jpg` is `cat/a.jpg`, as it would be on a disk. */
function plainName(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return parts.join("/");
}

function typeFaultOf(type: Header["type"]): string | undefined {
  if (type === "file" || type === "contiguous-file") return undefined;
  if (type === "link" || type === "symlink") return "a link, which a stream cannot follow";
  return type ? `a ${type.replaceAll("-", " ")}, not a file` : "an entry of an unknown type";
}

async function beginsAsGzip(handle: FileHandle): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return isGzipStart(buffer);
}

function tarFailure(location: string, error: unknown): AppError {
  return error instanceof AppError ? error : archiveCorrupt("tar", "'tar -tf' tests an archive", location, error);
}
