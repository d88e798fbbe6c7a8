/**
 * Names that Windows, macOS and Linux all take, that no reader of pictures passes over, and that stay
 * apart where letter case is not told apart.
 */
import { createHash } from "node:crypto";
import { extname } from "node:path/posix";
import { byCodeUnits } from "../base/by-code-units.ts";
import { isLeftover } from "./sources/file-role.ts";

/** Linux' limit is 255 bytes; room is left for a number and for a temporary file's ending. */
const usualBytes = 200;

/** Names that Windows keeps for devices, with any extension. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * A name of one part of a path: without separators, control characters and what Windows refuses;
 * never empty, `.` or `..`, of at most `maximumBytes`.
 */
export function portableName(name: string, maximumBytes: number = usualBytes): string {
  const plain = name
    .normalize("NFC")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
    .replace(/[<>:"/\\|?*\u0000-\u001f\u007f]/g, "_")
    .replace(/[. ]+$/, (end) => "_".repeat(end.length))
    .replace(/^\./, "_");
  const usable = reserved.test(plain) || isLeftover(plain) ? `_${plain}` : plain;
  return shorten(usable === "" ? "_" : usable, maximumBytes);
}

/**
 * Cut in the middle of no character, its extension kept, and told apart from others by a hash of
 * the whole.
 */
function shorten(name: string, maximumBytes: number): string {
  if (Buffer.byteLength(name) <= maximumBytes) return name;
  const extension = Buffer.byteLength(extname(name)) <= 16 ? extname(name) : "";
  const ending = `~${hashOf(name).slice(0, 8)}${extension}`;
  let stem = "";
  for (const character of name) {
    if (Buffer.byteLength(stem + character + ending) > maximumBytes) break;
    stem += character;
  }
  return stem + ending;
}

/**
 * A portable name for each of a set of names, all different. It depends on the set alone: one that
 * is portable keeps its name; of others that would share a name, and of those that `mustDiffer`, each
 * gets a hash of its own at the end (`a_b~1f3a9c02`), so that none takes the place of another when
 * names are added.
 */
export function portableNames(
  names: Iterable<string>,
  mustDiffer: (portable: string) => boolean = () => false,
): ReadonlyMap<string, string> {
  const sorted = [...new Set(names)].sort(byCodeUnits);
  const alike = new Map<string, string[]>();
  for (const name of sorted) {
    const key = caseless(portableName(name));
    const group = alike.get(key);
    if (group === undefined) alike.set(key, [name]);
    else group.push(name);
  }
  const chosen = new Map<string, string>();
  for (const group of alike.values()) {
    const keeper = group.length === 1 ? group[0]! : group.find((name) => portableName(name) === name);
    if (keeper !== undefined && !mustDiffer(portableName(keeper))) chosen.set(keeper, portableName(keeper));
  }
  const taken = new Set([...chosen.values()].map(caseless));
  for (const name of sorted) {
    if (chosen.has(name)) continue;
    const hash = hashOf(name);
    let length = 8;
    const marked = (): string => `${portableName(name)}~${hash.slice(0, length)}`;
    while (taken.has(caseless(marked())) && length < hash.length) length++;
    chosen.set(name, marked());
    taken.add(caseless(marked()));
  }
  return chosen;
}

/**
 * Gives each path a file of its own: `cat/a.jpg`, then `cat/a-2.jpg` for another one that differs
 * from it in letter case at most.
 */
export function createPathClaims(): (folder: string, name: string) => string {
  const taken = new Set<string>();
  /** Where to go on counting for a path that many want. */
  const counts = new Map<string, number>();
  return (folder, name) => {
    const extension = extname(name);
    const stem = name.slice(0, name.length - extension.length);
    const wanted = caseless(`${folder}/${name}`);
    for (let count = counts.get(wanted) ?? 1; ; count++) {
      const path = `${folder}/${count === 1 ? name : `${stem}-${count}${extension}`}`;
      const key = caseless(path);
      if (taken.has(key)) continue;
      taken.add(key);
      counts.set(wanted, count + 1);
      return path;
    }
  };
}

function caseless(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

function hashOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}
