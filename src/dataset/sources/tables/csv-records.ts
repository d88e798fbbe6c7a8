/**
 * The records of a CSV or TSV file (RFC 4180), of which a faulty one costs no other: a parser of the
 * whole file would lose all that follows a quote that is never closed.
 */
import { CsvError, parse } from "csv-parse/sync";
import type { TextLine } from "./text-lines.ts";

export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly fault: string };

/** Over so many lines a quoted field may go. */
const quotedLinesLimit = 100;

/** Excel writes semicolons where the comma is the decimal point. */
const delimiters = [",", ";", "\t", "|"] as const;

/** Excel's own first line to name the delimiter. */
const delimiterLine = /^sep=(.)$/;

/**
 * Records with the number of their first line; empty ones are passed over. `delimiter` is told from
 * the first line unless given.
 */
export async function* readCsv(lines: AsyncIterable<TextLine>, given?: string): AsyncGenerator<CsvRecord> {
  const queue = new LineQueue(lines);
  let delimiter = given;
  for (let first = await queue.at(0); first !== undefined; first = await queue.at(0)) {
    const { line, text, fault } = first;
    const stated = line === 1 ? delimiterLine.exec(text)?.[1] : undefined;
    if (stated !== undefined || text.trim() === "") {
      delimiter = stated ?? delimiter;
      queue.drop(1);
      continue;
    }
    if (fault !== undefined) {
      yield { line, fault };
      queue.drop(1);
      continue;
    }
    delimiter ??= delimiterOf(text);
    const record = text.includes('"')
      ? await parseQuoted(queue, delimiter)
      : { fields: text.split(delimiter), lines: 1 };
    if ("fault" in record) yield { line, fault: record.fault };
    else if (record.fields.some((field) => field.trim() !== "")) yield { line, fields: record.fields };
    queue.drop("fault" in record ? 1 : record.lines);
  }
}

/** The delimiter that stands most often in the header, outside of quotes. */
function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const countOf = (delimiter: string): number => bare.split(delimiter).length;
  return delimiters.reduce((best, one) => (countOf(one) > countOf(best) ? one : best));
}

/** The record at the head of the queue: its lines up to the first at which all quotes are closed. */
async function parseQuoted(
  queue: LineQueue,
  delimiter: string,
): Promise<{ fields: readonly string[]; lines: number } | { fault: string }> {
  let record = "";
  let quotes = 0;
  for (let lines = 1; lines <= quotedLinesLimit; lines++) {
    const next = await queue.at(lines - 1);
    if (next === undefined || next.fault !== undefined) break;
    record += next.text;
    quotes += next.text.split('"').length - 1;
    if (quotes % 2 === 0) return parseRecord(record, delimiter, lines);
    record += next.end;
  }
  return { fault: "a quote that is not closed" };
}

function parseRecord(
  text: string,
  delimiter: string,
  lines: number,
): { fields: readonly string[]; lines: number } | { fault: string } {
  try {
    // Line breaks inside the record are inside quotes, or the record is faulty.
    const records: readonly (readonly string[])[] = parse(text, { delimiter, record_delimiter: ["\r\n", "\n", "\r"] });
    const [fields] = records;
    if (fields !== undefined && records.length === 1) return { fields, lines };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return { fault: "a quote inside a field; quotes stand around a whole field, and are doubled inside it" };
}

/** Lines that are looked at before it is known how many belong together. */
class LineQueue {
  readonly #lines: AsyncIterator<TextLine>;
  readonly #ahead: TextLine[] = [];

  constructor(lines: AsyncIterable<TextLine>) {
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async at(index: number): Promise<TextLine | undefined> {
    while (this.#ahead.length <= index) {
      const next = await this.#lines.next();
      if (next.done) return undefined;
      this.#ahead.push(next.value);
    }
    return this.#ahead[index];
  }

  drop(count: number): void {
    this.#ahead.splice(0, count);
  }
}
