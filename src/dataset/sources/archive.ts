/** Labelled pictures in a zip archive, read where they lie. */
import { byCodeUnits } from "./folder.ts";
import { readLayout } from "./layout.ts";
import type { SkippedPicture, Source } from "./source.ts";
import { openZip } from "./zip-file.ts";

/**
 * Lists a zip of labelled pictures; `readLayout` says how labels and given splits are told. Entries whose names lead out of the
 * archive are skipped; entries that are damaged turn out to be unreadable pictures.
 * Errors: FILE_NOT_FOUND, FILE_READ_FAILED, ARCHIVE_CORRUPT.
 */
export async function openArchive(location: string): Promise<Source> {
  const zip = await openZip(location);
  const hostile: SkippedPicture[] = zip.entries.flatMap(({ name, nameFault }) =>
    nameFault === undefined ? [] : [{ id: name, code: "IMAGE_UNREADABLE", reason: nameFault }],
  );
  // A name may stand in an archive twice; the last one counts, as it does when an archive is unpacked.
  const entries = new Map(zip.entries.flatMap((entry) => (entry.nameFault === undefined ? [[entry.name, entry]] : [])));
  const { labelled, unlabelled } = readLayout([...entries.keys()].sort(byCodeUnits));
  return {
    kind: "archive",
    location,
    skipped: [...hostile, ...unlabelled],
    async *samples() {
      for (const { path, ...known } of labelled) {
        yield { id: path, ...known, bytes: () => entries.get(path)!.bytes() };
      }
    },
    close: zip.close,
  };
}
