/**
 * What a terminal shows: colours where they are wanted, bars, aligned tables, and log lines on
 * standard error.
 */
import { stripVTControlCharacters } from "node:util";
import { createLogger, type LogFields, type Logger } from "../../base/logger.ts";
import { visibleJson, visibleText } from "../../base/visible-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

/**
 * True where colours are wanted: FORCE_COLOR, then NO_COLOR (https://no-color.org), then a terminal
 * that is not dumb.
 */
export function wantsColour(env: Environment, isTTY: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  return isTTY && env.TERM !== "dumb";
}

/** ANSI colours, or the text as it is. */
export function createStyle(coloured: boolean): Style {
  const paint = (name: keyof typeof codes) => {
    const [open, close] = codes[name];
    return (text: string): string => (coloured ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  };
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    cyan: paint("cyan"),
  };
}

/** Most text, of which nothing is to be looked for: a table may have a hundred thousand cells. */
function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

const ownCodes = new RegExp(String.raw`(\u001b\[(?:${[...new Set(Object.values(codes).flat())].join("|")})m)`);

/**
 * One line as a terminal may get it: names of files and classes come from anywhere, and a terminal
 * obeys what it is sent. The codes of the styles stay, all else that cannot be seen becomes an
 * escape (`\u{1b}`), line breaks too.
 */
export function terminalLine(text: string): string {
  if (isPlain(text)) return text;
  // Every second part is a code.
  const parts = text.split(ownCodes);
  return parts.map((part, at) => (at % 2 === 1 ? part : visibleText(part))).join("");
}

/** The same for text in lines, which stay lines; CSV ends its own with CRLF. */
export function terminalText(text: string): string {
  return text.split(/\r?\n/).map(terminalLine).join("\n");
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/**
 * A bar `width` characters wide, filled to `fraction` (clipped to 0..1) in steps of an eighth of a
 * character.
 */
export function bar(fraction: number, width: number): string {
  const clipped = Number.isNaN(fraction) ? 0 : Math.min(1, Math.max(0, fraction));
  const filled = Math.round(clipped * width * 8);
  const text = "█".repeat(filled >> 3) + eighths[filled & 7];
  return text.padEnd(width, "░");
}

export interface Column {
  readonly title: string;
  /** Default left; numbers read better at the right. */
  readonly align?: "left" | "right";
}

/** A column of numbers. */
export function rightColumn(title: string): Column {
  return { title, align: "right" };
}

/**
 * Rows under titles, columns two spaces apart, each as wide as its widest cell; colours take no
 * width.
 */
export function table(columns: readonly (Column | string)[], rows: readonly (readonly string[])[]): string {
  const heads = columns.map((column): Column => (typeof column === "string" ? { title: column } : column));
  return alignRows(
    [heads.map(({ title }) => title), ...rows],
    heads.map(({ align }) => align),
  );
}

/** The rows of a table without titles. A cell stays in its line, whatever it holds. */
export function alignRows(content: readonly (readonly string[])[], aligns: readonly Column["align"][] = []): string {
  const rows = content.map((row) => row.map(terminalLine));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const space = " ".repeat(widths[index]! - widthOf(cell));
        return aligns[index] === "right" ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

/**
 * The text in lines of at most `width` characters, broken at blanks; longer words stay whole.
 * `indent` blanks, which do not count, begin each line after the first.
 */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || widthOf(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** Characters of a terminal, without the codes of its styles. */
export function widthOf(text: string): number {
  return isPlain(text) ? text.length : [...stripVTControlCharacters(text)].length;
}

/**
 * A logger of lines for people: `warning: 3 pictures left out  source=raw`. `write` gets whole
 * lines.
 */
export function createConsoleLogger(write: (line: string) => void, style: Style): Logger {
  const marks = { debug: "debug: ", info: "", warn: style.yellow("warning: "), error: style.red("error: ") };
  return createLogger((level, message, fields) => {
    const line = terminalLine(`${marks[level]}${message}${style.dim(formatFields(fields))}`);
    write(`${level === "debug" ? style.dim(line) : line}\n`);
  });
}

function formatFields(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}=${formatField(value)}`)
    .join("");
}

function formatField(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === "string" && /^[^\s="]+$/.test(value)) return value;
  return typeof value === "bigint" ? String(value) : visibleJson(value);
}
