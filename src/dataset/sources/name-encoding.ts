/** Names that come as bytes without a word about their encoding: in archives, and on Linux' disks. */
import { isAscii, isUtf8 } from "node:buffer";
import { AppError } from "../../base/errors.ts";
import { nearestName } from "../../base/nearest.ts";
import { quoted } from "./label.ts";

/** The text that bytes stand for; undefined where they are not of the encoding. */
export type NameDecoder = (bytes: Uint8Array) => string | undefined;

/** Says that names are likely to be wrong, and what else they could mean. */
export interface NameDoubt {
  /** The first such name, as it was read. */
  readonly name: string;
  readonly reason: string;
}

export interface DecodedNames {
  /** In the order of the bytes; undefined for a name that is not of the encoding that was given. */
  readonly names: readonly (string | undefined)[];
  readonly doubt?: NameDoubt;
}

/** IBM's code page 437 from 0x80 on: what zip takes names to be that nothing is said about. */
const cp437High =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** Windows' numbers for encodings that TextDecoder knows by another name. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["cp932", "shift_jis"],
  ["cp936", "gbk"],
  ["cp949", "euc-kr"],
  ["cp950", "big5"],
]);

/** Tried in this order where a name looks wrong; between them they cover most archives. */
const usualEncodings = ["gbk", "shift_jis", "big5", "euc-kr", "windows-1251", "ibm866", "windows-1252"];
const shownReadings = 4;

const suggestions = ["utf-8", "cp437", ...usualEncodings, ...aliases.keys(), "gb18030", "euc-jp", "koi8-r", "cp866"];

/**
 * The decoder of an encoding: any label of WHATWG's Encoding Standard, cp437, or Windows' number of
 * an East Asian one. Errors: CONFIG_INVALID for an unknown label.
 */
export function nameDecoderOf(label: string): NameDecoder {
  const plain = label.trim().toLowerCase();
  if (["cp437", "ibm437", "437"].includes(plain)) return decodeCp437;
  try {
    const decoder = new TextDecoder(aliases.get(plain) ?? plain, { fatal: true, ignoreBOM: true });
    return (bytes) => {
      try {
        return decoder.decode(bytes);
      } catch {
        return undefined;
      }
    };
  } catch {
    const nearest = nearestName(plain, suggestions);
    throw new AppError("CONFIG_INVALID", {
      required: "an encoding of names, such as gbk, shift_jis or cp437",
      received: quoted(label),
      where: "nameEncoding",
      ...(nearest !== undefined && { hint: `did you mean ${nearest}?` }),
    });
  }
}

/**
 * Reads names of one origin in one encoding: the given one; else UTF-8 where all are; else code page
 * 437, as zip tools do. Plain ASCII decides nothing.
 * Errors: CONFIG_INVALID for an unknown label.
 */
export function decodeNames(names: readonly Uint8Array[], label?: string): DecodedNames {
  if (label !== undefined) return { names: names.map(nameDecoderOf(label)) };
  if (names.every((name) => isUtf8(name))) return { names: names.map((name) => Buffer.from(name).toString()) };
  const decoded = names.map(decodeCp437);
  const doubtful = names.filter((name, at) => !isAscii(name) && !looksWestern(decoded[at]!));
  if (doubtful.length === 0) return { names: decoded };
  const readings = otherReadings(doubtful).map(({ text, label }) => `${quoted(text, 60)} in ${label}`);
  const could = readings.length === 0 ? "" : `, and could be ${readings.join(", ")}`;
  const reason = `a name in an encoding that the archive does not state; it was read as cp437${could}; state it as nameEncoding (--name-encoding)`;
  return { names: decoded, doubt: { name: decodeCp437(doubtful[0]!), reason } };
}

/** The first name in each usual encoding in which all of the names look like names. */
export function otherReadings(
  names: readonly Uint8Array[],
): readonly { readonly text: string; readonly label: string }[] {
  return usualEncodings
    .flatMap((label) => {
      const texts = names.map(nameDecoderOf(label));
      const text = texts[0];
      return text !== undefined && texts.every((one) => one !== undefined && looksWritten(one))
        ? [{ text, label }]
        : [];
    })
    .slice(0, shownReadings);
}

/** Bytes as a text to show: all but printable ASCII becomes `\xE9`. */
export function escapedBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function decodeCp437(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/[\x80-\xff]/g, (byte) => cp437High[byte.charCodeAt(0) - 0x80]!);
}

/** What western European names have of code page 437; the rest are lines, Greek and mathematics. */
const westernOnly = /^[\p{ASCII}ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜáíóúñÑßªº¿¡½¼«»µ°²·]*$/u;

/** A word without an ASCII letter (Shift-JIS' 犬 reads as îó). */
const foreignWord = /(?<!\p{L})[^\P{L}\p{ASCII}]{2,}(?!\p{L})/u;

function looksWestern(text: string): boolean {
  return westernOnly.test(text) && !foreignWord.test(text) && !changesCase(text);
}

/** Cyrillic or Greek letters beside Latin ones, or a Chinese one between them. */
const mixedWord =
  /[a-zA-Z][\p{Script=Cyrillic}\p{Script=Greek}]|[\p{Script=Cyrillic}\p{Script=Greek}][a-zA-Z]|[a-zA-Z]\p{Script=Han}[a-zA-Z]/u;

/** Letters, marks and digits alone; half-width katakana are what Shift-JIS makes of other bytes. */
function looksWritten(text: string): boolean {
  const areLetters = /^[\p{ASCII}\p{L}\p{M}\p{N}]*$/u.test(text) && !/[\uff61-\uff9f]/.test(text);
  return areLetters && !mixedWord.test(text) && !changesCase(text);
}

/** True where a capital follows a small letter and not both are ASCII: `öL`, `èÄ`. */
function changesCase(text: string): boolean {
  return [...text.matchAll(/\p{Ll}(?=(\p{Lu}))/gu)].some(([small, capital]) => !isAscii(Buffer.from(small + capital)));
}
