/** The lines of a text file, whatever its encoding and line ends, in bounded memory. */
import type { FileHandle } from "node:fs/promises";
import { TextDecoder } from "node:util";
import { chunksOf } from "../../../base/files/regular-file.ts";
import { contentKindOf } from "../file-content.ts";
import { manifestInvalid } from "./manifest-errors.ts";

export interface TextLine {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
  /** The characters that ended it. */
  readonly end: string;
  /** Why it cannot be read, as a noun phrase; `text` is then its beginning. */
  readonly fault?: string;
}

/** Far above any path with its label; a file without line breaks must not fill the memory. */
const lineLimit = 64 * 1024;

/**
 * UTF-8, or UTF-16 with a byte order mark, as Excel writes; line ends of any system.
 * Errors: MANIFEST_INVALID for a file that is no text.
 */
export async function* readLines(handle: FileHandle, where: string): AsyncGenerator<TextLine> {
  let decoder: LooseDecoder | undefined;
  let rest = "";
  let cut: string | undefined;
  let line = 1;
  const take = (text: string, end: string): TextLine => {
    const overlong = cut ?? (text.length > lineLimit ? text.slice(0, 100) : undefined);
    cut = undefined;
    const damage = decoder?.isDamaged && text.includes("\ufffd") ? notUtf8 : undefined;
    const fault = overlong === undefined ? damage : `a line of more than ${lineLimit} characters`;
    return { line: line++, text: overlong ?? text, end, ...(fault !== undefined && { fault }) };
  };
  for await (const chunk of chunksOf(handle)) {
    decoder ??= new LooseDecoder(encodingOf(chunk, where));
    const parts = (rest + decoder.decode(chunk)).split(/(\r\n|\n|\r(?!$))/);
    rest = parts.pop()!;
    for (let at = 0; at < parts.length; at += 2) yield take(parts[at]!, parts[at + 1]!);
    if (rest.length <= lineLimit) continue;
    cut ??= rest.slice(0, 100);
    rest = rest.endsWith("\r") ? "\r" : "";
  }
  // What is left of a cut character becomes U+FFFD, a fault like any other.
  rest += decoder?.decode() ?? "";
  const end = rest.endsWith("\r") ? "\r" : "";
  if (rest !== "" || cut !== undefined) yield take(rest.slice(0, rest.length - end.length), end);
}

function encodingOf(start: Buffer, where: string): string {
  const mark = start.toString("latin1", 0, 2);
  if (mark === "\xff\xfe") return "utf-16le";
  if (mark === "\xfe\xff") return "utf-16be";
  const content = contentKindOf(start) ?? (start.includes(0) ? "a file with NUL bytes" : undefined);
  if (content === undefined) return "utf-8";
  throw manifestInvalid("a text file", content, where, "save the table as CSV in UTF-8");
}

const notUtf8 = "text that is not UTF-8; save the file as UTF-8";

/** Puts U+FFFD where bytes are not of the encoding; the file itself may hold that character too. */
class LooseDecoder {
  /** Whether bytes so far were not of the encoding. */
  isDamaged = false;
  readonly #loose: TextDecoder;
  readonly #strict: TextDecoder;

  constructor(encoding: string) {
    this.#loose = new TextDecoder(encoding);
    this.#strict = new TextDecoder(encoding, { fatal: true });
  }

  /** The text of the next bytes; without any, of a character that was cut off at the end. */
  decode(bytes?: Buffer): string {
    const options = { stream: bytes !== undefined };
    try {
      if (!this.isDamaged) this.#strict.decode(bytes, options);
    } catch {
      this.isDamaged = true;
    }
    return this.#loose.decode(bytes, options);
  }
}
