/** Gives the entries of an archive their names, all in one encoding, and passes over what is no file of it. */
import { decodeNames, escapedBytes } from "../name-encoding.ts";
import type { SkippedPicture } from "../source.ts";
import type { ArchiveEntry, ArchiveFile } from "./archive-file.ts";
import { nameFaultOf, plainName, skippedEntry } from "./entry-name.ts";

export interface UnnamedEntry<E> {
  /** Text where the archive says what it is, else bytes of an encoding that is not stated. */
  readonly rawName: string | Buffer;
  /** Why it is no file to be read, in words. */
  readonly fault?: string | undefined;
  readonly entry: E;
}

/**
 * Files by their plain names; folders are left out, and of several entries with one name the last
 * counts. Errors: CONFIG_INVALID for an unknown encoding.
 */
export function nameEntries<E>(
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
