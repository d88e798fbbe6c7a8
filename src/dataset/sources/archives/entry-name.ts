/** Names inside archives and stores: how they are read, and which ones are refused, whoever wrote them. */
import { quoted } from "../label.ts";
import type { SkippedPicture } from "../source.ts";

/** The longest path that Linux takes. */
export const nameLimitBytes = 4096;
/** Deeper names would only make folders: a few kilobytes of them fill megabytes. */
const partLimit = 256;

/** `./cat//a.jpg` and Windows' `cat\a.jpg` are `cat/a.jpg`, as they would be on a disk. */
export function plainName(name: string): string {
  return name
    .split(/[/\\]/)
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

export function longNameFault(sizeBytes: number): string {
  return `a name of ${sizeBytes} bytes, more than ${nameLimitBytes}`;
}

/** What is wrong with a name, in words; undefined for one that leads to a place inside. */
export function nameFaultOf(name: string): string | undefined {
  const sizeBytes = Buffer.byteLength(name);
  if (sizeBytes > nameLimitBytes) return longNameFault(sizeBytes);
  if (/^([a-z]:)?[/\\]/i.test(name)) return "an absolute path";
  if (name.split(/[/\\]/).includes("..")) return "a relative path that leads upwards";
  const parts = name.split(/[/\\]/).length;
  return parts > partLimit ? `a name of ${parts} parts, more than ${partLimit}` : undefined;
}

/** An entry that is passed over; a name above the limit is shortened. */
export function skippedEntry(name: string, reason: string): SkippedPicture {
  const id = Buffer.byteLength(name) > nameLimitBytes ? quoted(name) : name;
  return { id, code: "IMAGE_UNREADABLE", reason };
}
