/** Labelled pictures in a zip, tar or tar.gz archive, read where they lie. */
import { basename } from "node:path/posix";
import { byCodeUnits } from "../../../base/by-code-units.ts";
import { contentKindOf } from "../file-content.ts";
import { fileRole } from "../file-role.ts";
import { readLayout } from "../folder-layout.ts";
import { quoted, quotedList } from "../label.ts";
import type { Source, SourceRemark } from "../source.ts";
import type { OpenOptions } from "../source-options.ts";
import { hasCifarFiles } from "../tables/cifar.ts";
import { hasIdxFiles } from "../tables/idx.ts";
import { emptyArchive, notPictures } from "./archive-errors.ts";
import type { ArchiveEntry, ArchiveFile } from "./archive-file.ts";
import { archiveKindOf, isGzipStart, readStart } from "./archive-kind.ts";
import { openTar } from "./tar-file.ts";
import { openZip } from "./zip-file.ts";

/**
 * Lists an archive of labelled pictures; `readLayout` says how labels and given splits are told.
 * Entries whose names lead out of the archive are skipped; entries of a zip that are damaged or
 * encrypted turn out to be unreadable pictures. A zip gives its pictures sorted by name, a tar in
 * its own order.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, CONFIG_INVALID for an unknown encoding of names,
 * ARCHIVE_CORRUPT, ARCHIVE_LIMIT, ARCHIVE_UNSUPPORTED for a zip of which nothing can be unpacked,
 * DATASET_EMPTY; DATASET_SOURCE_UNKNOWN for an archive of idx or CIFAR-10 files, of archives alone,
 * and for what only has an archive's name.
 */
export async function openArchive(location: string, options: OpenOptions = {}): Promise<Source> {
  if ((await archiveKindOf(location)) === "tar") return sourceOf(await openTar(location, options), location, options);
  await requireZip(location);
  const zip = await openZip(location, options);
  const entries = [...zip.entries].sort((a, b) => byCodeUnits(a.name, b.name));
  return sourceOf({ ...zip, entries }, location, options);
}

async function sourceOf<E extends ArchiveEntry>(
  file: ArchiveFile<E>,
  location: string,
  options: OpenOptions,
): Promise<Source> {
  try {
    requirePictures(file, location);
    const entries = new Map(file.entries.map((entry) => [entry.name, entry]));
    const { labelled, unlabelled, remarks } = readLayout([...entries.keys()], { ...options, where: location });
    return {
      kind: "archive",
      location,
      skipped: [...file.skipped, ...unlabelled],
      remarks: [...remarksOn(file), ...remarks],
      async *samples() {
        for (const { path, ...known } of labelled) {
          const entry = entries.get(path)!;
          const stamp = file.stampOf(entry);
          yield { id: path, ...known, stamp, sizeBytes: entry.sizeBytes, bytes: () => file.read(entry) };
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Refuses an archive without a picture's name where what it holds says why. */
function requirePictures({ entries, skipped }: ArchiveFile<ArchiveEntry>, location: string): void {
  const names = entries.map(({ name }) => basename(name));
  if (hasIdxFiles(names) || hasCifarFiles(names)) {
    throw notPictures("an archive of idx or CIFAR-10 files", "unpack it and name the folder", location);
  }
  if (names.length === 0 && skipped.length === 0) throw emptyArchive(location);
  if (names.some((name) => ["picture", "unknown"].includes(fileRole(name)))) return;
  const inner = innerArchives(entries);
  const main = inner.find((name) => /train/i.test(name)) ?? inner[0];
  if (main === undefined) return;
  const hint = `unpack it, then name ${quoted(basename(main))} or the folder with all of it unpacked`;
  throw notPictures(`an archive of archives: ${quotedList(inner, 5, 60)}`, hint, location);
}

function remarksOn({ entries, doubt }: ArchiveFile<ArchiveEntry>): SourceRemark[] {
  const remarks: SourceRemark[] = [];
  if (doubt !== undefined) remarks.push({ kind: "unclear-names", id: doubt.name, reason: doubt.reason });
  const inner = innerArchives(entries);
  if (inner.length > 0) {
    remarks.push({ kind: "archives-inside", id: "", reason: `archives inside this one: ${quotedList(inner, 5, 60)}` });
  }
  return remarks;
}

function innerArchives(entries: readonly ArchiveEntry[]): readonly string[] {
  return entries.flatMap(({ name }) =>
    /\.(zip|tar|tgz|tbz2?|txz|7z|rar|(tar\.)?(gz|bz2|xz|zst))$/i.test(name) ? [name] : [],
  );
}

/** Refuses what only has the name of a zip. */
async function requireZip(location: string): Promise<void> {
  const start = await readStart(location);
  const content = start.toString("latin1", 0, 2) === "PK" ? undefined : contentKindOf(start);
  if (content === undefined) return;
  throw notPictures(
    content,
    isGzipStart(start) ? "give it the name that its content has" : "look at where it came from",
    location,
  );
}
