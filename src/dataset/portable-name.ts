/**
 * Names that Windows, macOS and Linux all take, and that stay apart where letter case is not told
 * apart.
 */
import { createHash } from "node:crypto";
import { extname } from "node:path/posix";

/** Linux' limit is 255 bytes; room is left for a number and for a temporary file's ending. */
const usualBytes = 200;

/** Names that Windows keeps for devices, with any extension. */
const reserved = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * A name of one part of a path: without separators, control characters and what Windows refuses;
 * never empty, `.` or `..`, of at most `maximumBytes`.
 */
export function portableName(name: string, maximumBytes: number = usualBytes): string {
  const plain = name
    .normalize("NFC")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
    .replace(/[<>:"/\\|?*\u0000-\u001f\u007f]/g, "_")
    .replace(/[. ]+$/, (end) => "_".repeat(end.length));
  const usable = reserved.test(plain) ? `_${plain}` : plain;
  return shorten(usable === "" ? "_" : usable, maximumBytes);
}

/**
 * Cut in the middle of no character, its extension kept, and told apart from others by a hash of
 * the whole.
 */
function shorten(name: string, maximumBytes: number): string {
  if (Buffer.byteLength(name) <= maximumBytes) return name;
  const extension = Buffer.byteLength(extname(name)) <= 16 ? extname(name) : "";
  const ending = `~${createHash("sha256").update(name).digest("hex").slice(0, 8)}${extension}`;
  let stem = "";
  for (const character of name) {
    if (Buffer.byteLength(stem + character + ending) > maximumBytes) break;
    stem += character;
  }
  return stem + ending;
}

/**
 * Gives each path a file of its own: `cat/a.jpg`, then `cat/a-2.jpg` for another one that differs
 * from it in letter case at most.
 */
export function createPathClaims(): (folder: string, name: string) => string {
  const taken = new Set<string>();
  return (folder, name) => {
    const extension = extname(name);
    const stem = name.slice(0, name.length - extension.length);
    for (let count = 1; ; count++) {
      const path = `${folder}/${count === 1 ? name : `${stem}-${count}${extension}`}`;
      const key = path.toLowerCase();
      if (taken.has(key)) continue;
      taken.add(key);
      return path;
    }
  };
}
