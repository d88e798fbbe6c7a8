/**
 * How a text is written: plain where that reads back as the same text, else in quotes, folded at 80
 * columns. After ruamel.yaml 0.19, `emitter.py`, which DVC writes its files with.
 */
import { plainKindOf } from "./plain-word.ts";
import type { ScalarNode } from "./yaml-node.ts";
import { type YamlSink, yamlWidth } from "./yaml-sink.ts";

const breaks = "\n\u0085\u2028\u2029";
const blanks = `\0 \t\r${breaks}`;

/** What may be written in which style. */
interface Analysis {
  readonly isMultiline: boolean;
  readonly flowPlain: boolean;
  readonly blockPlain: boolean;
  readonly single: boolean;
}

function analyse(characters: readonly string[]): Analysis {
  const text = characters.join("");
  const last = characters.length - 1;
  let block = /^(---|\.\.\.)/.test(text);
  let flow = block;
  let isMultiline = false;
  let isSpecial = false;
  let breakSpace = false;
  let spaceBreak = false;
  for (const [at, character] of characters.entries()) {
    const before = characters[at - 1];
    const after = characters[at + 1];
    const isFollowed = after === undefined || blanks.includes(after);
    const isBreak = breaks.includes(character);
    if (at === 0) {
      if ("#,[]{}&*!|>'\"%@`".includes(character)) block = flow = true;
      if ("?:".includes(character) && last === 0) flow = true;
      if ("?:".includes(character) && isFollowed) block = true;
      if (character === "-" && isFollowed) block = flow = true;
    } else {
      if (",[]{}".includes(character)) flow = true;
      if (character === ":" && isFollowed) block = flow = true;
      if (character === "#" && before !== undefined && blanks.includes(before)) block = flow = true;
    }
    if (isBreak) isMultiline = true;
    if (!isPrintable(character)) isSpecial = true;
    if (character === " " && before !== undefined && breaks.includes(before)) breakSpace = true;
    if (isBreak && before === " ") spaceBreak = true;
  }
  const atEdges = [characters[0]!, characters[last]!].some((edge) => edge === " " || breaks.includes(edge));
  const plain = !atEdges && !breakSpace && !isSpecial && !spaceBreak && !isMultiline;
  return {
    isMultiline,
    flowPlain: plain && !flow,
    blockPlain: plain && !block,
    single: !breakSpace && !isSpecial && !spaceBreak,
  };
}

function isPrintable(character: string): boolean {
  const code = character.codePointAt(0)!; // of one character
  if (code === 0x0a || code === 0x85) return true;
  if (code >= 0x20 && code <= 0x7e) return true;
  return (code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff) || code > 0xffff;
}

export type TextStyle = "plain" | "single" | "double";

export function textStyle({ value, isText }: ScalarNode, isFlow: boolean, isKey: boolean): TextStyle {
  if (!isText) return "plain";
  if (value === "") return "single";
  const analysis = analyse([...value]);
  const mayBePlain = isFlow ? analysis.flowPlain : analysis.blockPlain;
  if (mayBePlain && plainKindOf(value) === "text") return "plain";
  if (value.includes("'") || value.includes("\n")) return "double";
  return analysis.single && !(isKey && analysis.isMultiline) ? "single" : "double";
}

/** A key of several lines has no length for which the short form would do. */
export function simpleKeyLength(key: string): number {
  const characters = [...key];
  if (characters.length > 0 && analyse(characters).isMultiline) return Number.POSITIVE_INFINITY;
  return characters.length + "!!str".length;
}

/** Writes a text with what must come before it. `mayFold` is false for keys. */
export function writeText(sink: YamlSink, text: string, style: TextStyle, mayFold: boolean): void {
  const characters = [...text];
  if (style === "plain") writePlain(sink, characters, mayFold);
  else if (style === "single") writeSingle(sink, characters, mayFold);
  else writeDouble(sink, characters, mayFold);
}

function isBreak(character: string | undefined): boolean {
  return character !== undefined && breaks.includes(character);
}

function writePlain(sink: YamlSink, characters: readonly string[], mayFold: boolean): void {
  if (characters.length === 0) return;
  if (!sink.isBehindBlank) sink.put(" ");
  sink.isBehindBlank = sink.isInIndentation = false;
  let start = 0;
  let inBlanks = false;
  for (let at = 0; at <= characters.length; at++) {
    const character = characters[at];
    if (inBlanks) {
      if (character !== " ") {
        if (start + 1 === at && sink.column >= yamlWidth && mayFold) sink.fold();
        else sink.putCharacters(characters.slice(start, at));
        start = at;
      }
    } else if (character === undefined || character === " ") {
      // A word that is longer than a line gets one of its own.
      if (at - start + sink.column > yamlWidth && sink.column > sink.indent) sink.toIndent();
      sink.putCharacters(characters.slice(start, at));
      start = at;
    }
    inBlanks = character === " ";
  }
}

function writeSingle(sink: YamlSink, characters: readonly string[], mayFold: boolean): void {
  sink.indicator("'", true);
  const { length } = characters;
  let start = 0;
  let state: "text" | "blanks" | "breaks" = "text";
  for (let at = 0; at <= length; at++) {
    const character = characters[at];
    if (state === "blanks" && character !== " ") {
      if (start + 1 === at && sink.column > yamlWidth && mayFold && start !== 0 && at !== length) sink.toIndent();
      else sink.putCharacters(characters.slice(start, at));
      start = at;
    } else if (state === "breaks" && !isBreak(character)) {
      putBreaks(sink, characters.slice(start, at), true);
      sink.toIndent();
      start = at;
    } else if (state === "text" && (character === undefined || " '".includes(character) || isBreak(character))) {
      sink.putCharacters(characters.slice(start, at));
      start = at;
    }
    if (character === "'") {
      sink.put("''");
      start = at + 1;
    }
    state = character === " " ? "blanks" : isBreak(character) ? "breaks" : "text";
  }
  sink.indicator("'", false);
}

/** In quotes and folded, one line feed more stands for each run of them. */
function putBreaks(sink: YamlSink, characters: readonly string[], isFolded: boolean): void {
  if (isFolded && characters[0] === "\n") sink.lineBreak();
  for (const one of characters) sink.lineBreak(one);
}

const escapes = new Map([
  ["\0", "0"],
  ["\x07", "a"],
  ["\x08", "b"],
  ["\t", "t"],
  ["\n", "n"],
  ["\x0b", "v"],
  ["\x0c", "f"],
  ["\r", "r"],
  ["\x1b", "e"],
  ['"', '"'],
  ["\\", "\\"],
  ["\u0085", "N"],
  ["\u00a0", "_"],
  ["\u2028", "L"],
  ["\u2029", "P"],
]);

function escapeOf(character: string): string | undefined {
  const code = character.codePointAt(0)!; // of one character
  const isPlain =
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    code > 0xffff;
  if (isPlain && !'"\\\u2028\u2029\ufeff'.includes(character)) return undefined;
  const hex = (letter: string, digits: number) => `\\${letter}${code.toString(16).toUpperCase().padStart(digits, "0")}`;
  const short = escapes.get(character);
  if (short !== undefined) return `\\${short}`;
  return code <= 0xff ? hex("x", 2) : code <= 0xffff ? hex("u", 4) : hex("U", 8);
}

function writeDouble(sink: YamlSink, characters: readonly string[], mayFold: boolean): void {
  sink.indicator('"', true);
  const { length } = characters;
  let start = 0;
  for (let at = 0; at <= length; at++) {
    const character = characters[at];
    const escaped = character === undefined ? undefined : escapeOf(character);
    if (character === undefined || escaped !== undefined) {
      if (start < at) {
        sink.putCharacters(characters.slice(start, at));
        start = at;
      }
      if (escaped !== undefined) {
        sink.put(escaped);
        start = at + 1;
      }
    }
    const isPlace = at > 0 && at < length - 1 && (character === " " || start >= at) && mayFold;
    if (!isPlace || sink.column + (at - start) <= yamlWidth) continue;
    const needsBackslash = !foldsWithout(characters, start, at);
    if (start < at) {
      sink.putCharacters(characters.slice(start, at));
      start = at;
    }
    if (needsBackslash) sink.put("\\");
    sink.fold();
    if (characters[start] === " ") {
      if (needsBackslash) sink.put("\\");
      else start++;
    }
  }
  sink.indicator('"', false);
}

/** Whether a line may end here without a backslash: the next word is plain and alone. */
function foldsWithout(characters: readonly string[], start: number, at: number): boolean {
  let blank = characters.indexOf(" ", at);
  if (blank === -1) return false;
  const lineEnd = characters.indexOf("\n", at);
  if (lineEnd !== -1 && lineEnd < blank) blank = lineEnd;
  const next = characters[blank + 1];
  if (next === undefined) return false;
  if (characters[blank] === "\n" && next !== " ") return false;
  const word = characters.slice(at, blank);
  if (word.includes('"') || word.includes("'") || next === " " || next === "\n") return false;
  return !(characters[at - 1] === " " && characters[at] === " ") && start !== at;
}

/** A block scalar; a folded one keeps the folds that it had, and is folded where it is too long. */
export function writeBlockScalar(sink: YamlSink, { value, block = "|", folds = new Set() }: ScalarNode): void {
  const characters = [...value];
  const isIndented = characters[0] === " " || isBreak(characters[0]);
  const ending = isBreak(characters.at(-1)) ? (characters.length === 1 || isBreak(characters.at(-2)) ? "+" : "") : "-";
  sink.indicator(`${block}${isIndented ? "2" : ""}${ending}`, true);
  sink.lineBreak();
  if (block === "|") writeLiteral(sink, characters);
  else writeFolded(sink, characters, folds);
}

function writeLiteral(sink: YamlSink, characters: readonly string[]): void {
  let start = 0;
  let inBreaks = true;
  for (let at = 0; at <= characters.length; at++) {
    const character = characters[at];
    if (inBreaks && !isBreak(character)) {
      putBreaks(sink, characters.slice(start, at), false);
      if (character !== undefined) sink.toIndent();
      start = at;
    } else if (!inBreaks && (character === undefined || isBreak(character))) {
      sink.putCharacters(characters.slice(start, at));
      if (character === undefined) sink.lineBreak();
      start = at;
    }
    inBreaks = isBreak(character);
  }
}

function writeFolded(sink: YamlSink, characters: readonly string[], folds: ReadonlySet<number>): void {
  let start = 0;
  let state: "text" | "blanks" | "breaks" = "breaks";
  let isIndentedLine = true;
  for (let at = 0; at <= characters.length; at++) {
    const character = characters[at];
    const isFold: boolean = state === "text" && folds.has(at);
    if (state === "breaks" && !isBreak(character)) {
      // Lines that begin with a blank are not folded, so that no line feed more is needed there.
      putBreaks(sink, characters.slice(start, at), !isIndentedLine && character !== undefined && character !== " ");
      isIndentedLine = character === " ";
      if (character !== undefined) sink.toIndent();
      start = at;
    } else if (state === "blanks" && character !== " ") {
      if (start + 1 === at && sink.column > yamlWidth) sink.toIndent();
      else sink.putCharacters(characters.slice(start, at));
      start = at;
    } else if (state === "text" && (character === undefined || character === " " || isBreak(character))) {
      sink.putCharacters(characters.slice(start, at));
      if (character === undefined || isFold) sink.lineBreak();
      if (isFold) sink.toIndent();
      start = isFold ? at + 1 : at;
    }
    state = isFold ? "text" : character === " " ? "blanks" : isBreak(character) ? "breaks" : "text";
  }
}
