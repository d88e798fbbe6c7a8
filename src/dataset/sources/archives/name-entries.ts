/** Gives the entries of an archive their names, all in one encoding, and passes over what is no file of it. */
import { formatBytes } from "../../../base/quantity.ts";
import { quoted } from "../label.ts";
import { decodeNames, escapedBytes } from "../name-encoding.ts";
import { pictureCountLimit, type SkippedPicture } from "../source.ts";
import { listsTooMuch } from "./archive-errors.ts";
import type { ArchiveEntry, ArchiveFile } from "./archive-file.ts";
import { longNameFault, nameFaultOf, nameLimitBytes, plainName, skippedEntry } from "./entry-name.ts";

export interface UnnamedEntry<E> {
  /** Text where the archive says what it is, else bytes of an encoding that is not stated. */
  readonly rawName: string | Buffer;
  /** Why it is no file to be read, in words. */
  readonly fault?: string | undefined;
  readonly entry: E;
}

/** Of all names together, as manifests may have. */
const namesLimitBytes = 512 * 2 ** 20;

/** The entries of an archive while it is listed, in bounded memory whoever wrote it. */
export class EntryList<E> {
  readonly all: UnnamedEntry<E>[] = [];
  readonly #location: string;
  #namesBytes = 0;

  constructor(location: string) {
    this.#location = location;
  }

  /** Errors: ARCHIVE_LIMIT. */
  add({ rawName, fault, entry }: UnnamedEntry<E>): void {
    const sizeBytes = Buffer.byteLength(rawName);
    if (sizeBytes > nameLimitBytes) {
      const start = typeof rawName === "string" ? rawName : escapedBytes(rawName.subarray(0, 200));
      const name = `${quoted(start)} (entry ${this.all.length + 1})`;
      this.all.push({ rawName: name, fault: longNameFault(sizeBytes), entry });
    } else {
      // A part of a larger buffer would keep all of it.
      this.all.push({ rawName: typeof rawName === "string" ? rawName : Buffer.from(rawName), fault, entry });
    }
    this.#namesBytes += Math.min(sizeBytes, nameLimitBytes);
    if (this.all.length > pictureCountLimit) throw listsTooMuch(`at most ${pictureCountLimit} entries`, this.#location);
    if (this.#namesBytes > namesLimitBytes) {
      throw listsTooMuch(`names of at most ${formatBytes(namesLimitBytes)}`, this.#location);
    }
  }
}

/**
 * Files by their plain names; folders are left out, and of several entries with one name the last
 * counts. Errors: CONFIG_INVALID for an unknown encoding.
 */
export function nameEntries<E extends Omit<ArchiveEntry, "name">>(
  unnamed: readonly UnnamedEntry<E>[],
  nameEncoding: string | undefined,
): Pick<ArchiveFile<E & ArchiveEntry>, "entries" | "skipped" | "doubt"> {
  const undeclared = unnamed.flatMap(({ rawName }) => (typeof rawName === "string" ? [] : [rawName]));
  const { names, doubt } = decodeNames(undeclared, nameEncoding);
  const entries = new Map<string, E & ArchiveEntry>();
  const skipped = new Map<string, SkippedPicture>();
  let next = 0;
  for (const { rawName, fault: given, entry } of unnamed) {
    const text = typeof rawName === "string" ? rawName : names[next++];
    if (text !== undefined && /[/\\]$/.test(text)) continue;
    const shown = text ?? escapedBytes(Buffer.from(rawName));
    const name = text === undefined ? shown : plainName(text);
    const fault = text === undefined ? `a name that is not in ${nameEncoding}` : (nameFaultOf(text) ?? given);
    // A name that leads out of the archive is not that of the entry inside.
    const isInside = text === undefined || nameFaultOf(text) === undefined;
    if (isInside) entries.delete(name);
    if (isInside) skipped.delete(name);
    if (fault === undefined) entries.set(name, { ...entry, name });
    else skipped.set(isInside ? name : shown, skippedEntry(shown, fault));
  }
  return { entries: [...entries.values()], skipped: [...skipped.values()], ...(doubt !== undefined && { doubt }) };
}
