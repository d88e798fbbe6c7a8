/**
 * The key of a kept picture: `2026-11-29/REQUEST-0`. A request's id may come from a caller, so it is
 * written in characters that are safe as a file's name on every system.
 */
import { sha256 } from "../base/hash.ts";

export interface KeptPicture {
  readonly requestId: string;
  /** Among the pictures of its request, from 0. */
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Of a file's name, which may have 255 characters. */
const longestName = 200;

/**
 * The id with every byte of its UTF-8 as `%2e` that is no digit, hyphen or lower-case letter: file
 * systems may not tell `A` from `a`, and `decodeURIComponent` gives the id back. An id that would
 * take more than 200 characters is named by its SHA-256 instead.
 */
export function nameOfRequest(requestId: string): string {
  let name = "";
  for (const byte of Buffer.from(requestId, "utf8")) {
    const letter = String.fromCharCode(byte);
    name += /[a-z\d-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`;
    if (name.length > longestName) return `%sha256-${sha256(requestId)}`;
  }
  return name;
}

export function keyOfPicture({ requestId, position, timeMs }: KeptPicture): string {
  return `${dayOf(timeMs)}/${nameOfRequest(requestId)}-${position}`;
}

/** Of a prediction in the log, whose picture may have taken the time on the other side of midnight. */
export function keysOfPicture(picture: KeptPicture): ReadonlySet<string> {
  const { timeMs } = picture;
  const times = [timeMs, timeMs - midnightMs, timeMs + midnightMs];
  return new Set(times.map((near) => keyOfPicture({ ...picture, timeMs: near })));
}

const midnightMs = 60_000;

/** What a key says; undefined for a key of something else. */
export function readPictureKey(key: string): { readonly day: string; readonly name: string } | undefined {
  const [, day, name] = /^(\d{4}-\d{2}-\d{2})\/([^/]*)-\d+$/.exec(key) ?? [];
  return day === undefined || name === undefined ? undefined : { day, name };
}

/** "2026-11-29", in UTC. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
