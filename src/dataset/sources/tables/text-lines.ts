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
  let decoder: TextDecoder | undefined;
  let rest = "";
  let cut: string | undefined;
  let line = 1;
  const take = (text: string, end: string): TextLine => {
    const overlong = cut ?? (text.length > lineLimit ? text.slice(0, 100) : undefined);
    cut = undefined;
    const fault = overlong === undefined ? encodingFaultOf(text) : `a line of more than ${lineLimit} characters`;
    return { line: line++, text: overlong ?? text, end, ...(fault !== undefined && { fault }) };
  };
  for await (const chunk of chunksOf(handle)) {
    decoder ??= decoderFor(chunk, where);
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/(\r\n|\n|\r(?!$))/);
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

function decoderFor(start: Buffer, where: string): TextDecoder {
  const mark = start.toString("latin1", 0, 2);
  if (mark === "\xff\xfe") return new TextDecoder("utf-16le");
  if (mark === "\xfe\xff") return new TextDecoder("utf-16be");
  const content = contentKindOf(start) ?? (start.includes(0) ? "a file with NUL bytes" : undefined);
  if (content === undefined) return new TextDecoder();
  throw manifestInvalid("a text file", content, where, "save the table as CSV in UTF-8");
}

/** The decoder puts U+FFFD where bytes are not of the encoding. */
function encodingFaultOf(text: string): string | undefined {
  return text.includes("\ufffd") ? "text that is not UTF-8; save the file as UTF-8" : undefined;
}
