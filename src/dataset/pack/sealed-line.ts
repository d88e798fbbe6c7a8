/** Lines of JSON that end with a checksum of their own, so that no changed byte goes unnoticed. */
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { parseBoundedJson } from "../../base/bounded-json.ts";
import { formatBytes } from "../../base/quantity.ts";
import { packInvalid } from "./pack-invalid.ts";

/** Far above a line of the longest paths that systems allow. */
const longestLine = 4 * 2 ** 20;
const chunkBytes = 2 ** 18;
const lineBreak = 0x0a;
const endOfObject = 0x7d;

/**
 * The JSON of an object or array that is not empty, with the checksum as its last value:
 * `{"a":1,"seal":"1a2b3c4d"}` and `[1,2,"1a2b3c4d"]`, with a line break behind.
 */
export function sealLine(json: string): string {
  const content = json.slice(0, -1);
  return `${content}${sealOf(content, json.endsWith("}"))}\n`;
}

/**
 * The value of a line without its line break; the checksum is still its last value.
 * Throws an Error for a line that is not as `sealLine` made it.
 */
export function readSealedLine(line: Uint8Array): unknown {
  const isObject = line.at(-1) === endOfObject;
  const end = Math.max(0, line.length - sealOf("", isObject).length);
  const seal = Buffer.from(line.buffer, line.byteOffset + end, line.length - end).toString("latin1");
  if (seal !== sealOf(line.subarray(0, end), isObject)) throw new Error("another checksum than the line's");
  return parseBoundedJson(line);
}

function sealOf(content: string | Uint8Array, isObject: boolean): string {
  const checksum = crc32(content).toString(16).padStart(8, "0");
  return isObject ? `,"seal":"${checksum}"}` : `,"${checksum}"]`;
}

/**
 * The lines of a file without their line breaks, in groups as they come from the disk; use a group
 * before asking for the next. Bytes behind the last line break are a line too.
 * Errors: PACK_INVALID for a line that is too long; the system's own.
 */
export async function* linesOf(handle: FileHandle, path: string): AsyncGenerator<readonly Uint8Array[]> {
  let rest: Uint8Array = new Uint8Array(0);
  for (let position = 0; ; ) {
    const room = Buffer.allocUnsafeSlow(rest.length + chunkBytes);
    room.set(rest);
    const { bytesRead } = await handle.read(room, rest.length, chunkBytes, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const filled = room.subarray(0, rest.length + bytesRead);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = filled.indexOf(lineBreak); end !== -1; end = filled.indexOf(lineBreak, start)) {
      lines.push(filled.subarray(start, end));
      start = end + 1;
    }
    rest = filled.subarray(start);
    if (rest.length > longestLine)
      throw packInvalid(`lines of at most ${formatBytes(longestLine)}`, "a longer one", path);
    yield lines;
  }
  if (rest.length > 0) yield [rest];
}
