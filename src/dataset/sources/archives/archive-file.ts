/** What zips and tars have in common once they are open. */
import type { NameDoubt } from "../name-encoding.ts";
import type { SkippedPicture } from "../source.ts";

export interface ArchiveEntry {
  /** With forward slashes, without `./`; it leads nowhere outside the archive. */
  readonly name: string;
  /** What it unpacks to. */
  readonly sizeBytes: number;
}

export interface ArchiveFile<E extends ArchiveEntry> {
  /** Files; of several with one name the last, as when the archive is unpacked. */
  readonly entries: readonly E[];
  /** Links, devices, and names that lead out of the archive or cannot be read. */
  readonly skipped: readonly SkippedPicture[];
  /** Says that the names are likely to have been read in the wrong encoding. */
  readonly doubt?: NameDoubt;
  /** Different whenever the entry's content may be. */
  stampOf(entry: E): string;
  /**
   * An entry's content; calls may overlap, and are fast where they come in the order of the
   * entries. Errors: IMAGE_UNREADABLE, IMAGE_SIZE above 256 MiB, SOURCE_CHANGED, ARCHIVE_CORRUPT,
   * FILE_READ_FAILED.
   */
  read(entry: E): Promise<Uint8Array>;
  close(): Promise<void>;
}
