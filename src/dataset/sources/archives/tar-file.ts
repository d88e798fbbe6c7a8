/** Reads entries of a tar or tar.gz from its stream; nothing is unpacked to the disk. */
import type { FileHandle } from "node:fs/promises";
import type { Header } from "tar-stream";
import { AppError } from "../../../base/errors.ts";
import { openRegularFile } from "../../../base/files/regular-file.ts";
import { pictureLimits, tooManyBytes } from "../../../image/decode.ts";
import { requireStamp, stampOf } from "../stamped-file.ts";
import { archiveCorrupt } from "./archive-errors.ts";
import type { ArchiveEntry, ArchiveFile } from "./archive-file.ts";
import { isGzipStart } from "./archive-kind.ts";
import { EntryList, nameEntries } from "./name-entries.ts";
import { TarCursor } from "./tar-cursor.ts";
import { rawNameOf, readTarEntries, type TarInput } from "./tar-entries.ts";

export interface TarEntry extends ArchiveEntry {
  readonly mtimeMs: number;
  /** Its position among the entries of every type. */
  readonly at: number;
}

export interface TarOptions {
  /** Of names about which the archive says nothing. */
  readonly nameEncoding?: string | undefined;
  readonly unpackedFloorBytes?: number;
}

/**
 * Opens a tar, packed by gzip or not, and lists its files in one pass, in the archive's own order.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, CONFIG_INVALID for an unknown encoding; ARCHIVE_CORRUPT where it is cut off or damaged;
 * ARCHIVE_LIMIT where it unpacks to too much, by `unpackedLimitOf`.
 */
export async function openTar(
  location: string,
  { nameEncoding, unpackedFloorBytes }: TarOptions = {},
): Promise<ArchiveFile<TarEntry>> {
  const handle = await openRegularFile(location);
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
    const { entries, ...listed } = await listEntries(input, nameEncoding);
    const positions = new Set(entries.filter(isReadable).map(({ at }) => at));
    const cursor = new TarCursor(
      () => readTarEntries(input),
      (at) => positions.has(at),
    );
    return {
      entries,
      ...listed,
      stampOf: ({ sizeBytes, mtimeMs }) => `${sizeBytes}-${mtimeMs} ${stamp}`,
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

async function listEntries(
  input: TarInput,
  nameEncoding: string | undefined,
): Promise<Pick<ArchiveFile<TarEntry>, "entries" | "skipped" | "doubt">> {
  const listed = new EntryList<Omit<TarEntry, "name">>(input.location);
  let position = 0;
  for await (const { header } of readTarEntries(input)) {
    const at = position++;
    if (header.type === "directory") continue;
    const entry = { sizeBytes: header.size ?? 0, mtimeMs: header.mtime?.getTime() ?? 0, at };
    listed.add({ rawName: rawNameOf(header), fault: typeFaultOf(header.type), entry });
  }
  return nameEntries(listed.all, nameEncoding);
}

function isReadable({ sizeBytes }: TarEntry): boolean {
  return sizeBytes <= pictureLimits.sizeBytes;
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
