/** Labelled pictures in a zip, tar or tar.gz archive, read where they lie. */
import { basename } from "node:path/posix";
import { byCodeUnits } from "../../../base/by-code-units.ts";
import { AppError } from "../../../base/errors.ts";
import { type FolderLayout, readLayout } from "../folder-layout.ts";
import type { Source } from "../source.ts";
import type { SourceOptions } from "../source-options.ts";
import { hasCifarFiles } from "../tables/cifar.ts";
import { hasIdxFiles } from "../tables/idx.ts";
import { archiveKindOf } from "./archive-kind.ts";
import { nameFaultOf, skippedEntry } from "./entry-name.ts";
import { openTar } from "./tar-file.ts";
import { openZip } from "./zip-file.ts";

/**
 * Lists an archive of labelled pictures; `readLayout` says how labels and given splits are told.
 * Entries whose names lead out of the archive are skipped; entries of a zip that are damaged turn
 * out to be unreadable pictures. A zip gives its pictures sorted by name, a tar in its own order.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, ARCHIVE_CORRUPT, ARCHIVE_LIMIT, DATASET_SOURCE_UNKNOWN
 * for an archive of idx or CIFAR-10 files.
 */
export async function openArchive(location: string, options: SourceOptions = {}): Promise<Source> {
  const isTar = (await archiveKindOf(location)) === "tar";
  return isTar ? openTarArchive(location, options) : openZipArchive(location, options);
}

/**
 * The layout of an archive's pictures; an archive of idx or CIFAR-10 files is refused, since those
 * are read where they lie.
 */
async function readArchiveLayout(
  names: readonly string[],
  location: string,
  options: SourceOptions,
  close: () => Promise<void>,
): Promise<FolderLayout> {
  const bare = names.map((name) => basename(name));
  if (!hasIdxFiles(bare) && !hasCifarFiles(bare)) return readLayout(names, { ...options, where: location });
  await close();
  throw new AppError("DATASET_SOURCE_UNKNOWN", {
    required: "an archive of picture files",
    received: "an archive of idx or CIFAR-10 files",
    where: location,
    hint: "unpack it and name the folder",
  });
}

async function openZipArchive(location: string, options: SourceOptions): Promise<Source> {
  const zip = await openZip(location);
  const hostile = zip.entries.flatMap(({ name }) => {
    const fault = nameFaultOf(name);
    return fault === undefined ? [] : [skippedEntry(name, fault)];
  });
  // A name may stand in an archive twice; the last one counts, as it does when an archive is
  // unpacked.
  const entries = new Map(zip.entries.map((entry) => [entry.name, entry]));
  const names = [...entries.keys()].filter((name) => nameFaultOf(name) === undefined);
  const { labelled, unlabelled, remarks } = await readArchiveLayout(
    names.sort(byCodeUnits),
    location,
    options,
    zip.close,
  );
  return {
    kind: "archive",
    location,
    skipped: [...hostile, ...unlabelled],
    remarks,
    async *samples() {
      for (const { path, ...known } of labelled) {
        const entry = entries.get(path)!;
        const stamp = `${entry.crc32.toString(16).padStart(8, "0")}-${entry.sizeBytes}`;
        yield { id: path, ...known, stamp, bytes: () => zip.read(entry) };
      }
    },
    close: zip.close,
  };
}

async function openTarArchive(location: string, options: SourceOptions): Promise<Source> {
  const tar = await openTar(location);
  const entries = new Map(tar.entries.map((entry) => [entry.name, entry]));
  const { labelled, unlabelled, remarks } = await readArchiveLayout([...entries.keys()], location, options, tar.close);
  return {
    kind: "archive",
    location,
    skipped: [...tar.skipped, ...unlabelled],
    remarks,
    async *samples() {
      for (const { path, ...known } of labelled) {
        const entry = entries.get(path)!;
        const stamp = `${entry.sizeBytes}-${entry.mtimeMs} ${tar.stamp}`;
        yield { id: path, ...known, stamp, bytes: () => tar.read(entry) };
      }
    },
    close: tar.close,
  };
}
