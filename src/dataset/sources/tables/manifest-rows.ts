/**
 * Reads the lines of a manifest as text fields, whatever they are written in: CSV, TSV, or one JSON
 * object a line.
 */
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { describeValue } from "../../../base/describe-value.ts";
import { isAppError } from "../../../base/errors.ts";
import { quoted } from "../label.ts";
import { readCsv } from "./csv-records.ts";
import { type ColumnOptions, findColumns, type ManifestColumns } from "./manifest-columns.ts";
import { readLines, type TextLine } from "./text-lines.ts";

export interface ManifestRow {
  /** The number of its first line, counted from 1. */
  readonly line: number;
  readonly path: string;
  readonly label: string;
  readonly split?: string;
}

/** A line that cannot be used. */
export interface ManifestFault {
  readonly line: number;
  /** A noun phrase. */
  readonly fault: string;
}

/** True for a file name that ends as a manifest's does. */
export function isManifestName(location: string): boolean {
  return /\.(csv|tsv|jsonl|ndjson)$/i.test(location);
}

/**
 * The rows of an open manifest, faulty lines among them; its name says how it is written. Empty
 * lines are passed over.
 * Errors: MANIFEST_INVALID for a file that is no text, and for a table without a usable header.
 */
export async function* readManifestRows(
  handle: FileHandle,
  location: string,
  options: Pick<ColumnOptions, "needsLabel"> = {},
): AsyncGenerator<ManifestRow | ManifestFault> {
  const lines = readLines(handle, location);
  if (/\.(jsonl|ndjson)$/i.test(location)) yield* readJsonLines(lines, options);
  else yield* readTable(lines, basename(location), /\.tsv$/i.test(location) ? "\t" : undefined, options);
}

async function* readTable(
  lines: AsyncIterable<TextLine>,
  file: string,
  delimiter: string | undefined,
  options: ColumnOptions,
): AsyncGenerator<ManifestRow | ManifestFault> {
  let header: { count: number; columns: ManifestColumns } | undefined;
  for await (const record of readCsv(lines, delimiter)) {
    const { line } = record;
    if (header === undefined) {
      const names = "fields" in record ? record.fields : [record.fault];
      header = {
        count: names.length,
        columns: findColumns(names, "a header line with the columns", `${file}:${line}`, options),
      };
    } else if ("fault" in record) {
      yield record;
    } else {
      const { count, columns } = header;
      const { fields } = record;
      const isWhole = fields.length >= count && fields.slice(count).every((field) => field.trim() === "");
      if (isWhole) yield rowOf(line, columns, fields);
      else yield { line, fault: `${fields.length} fields instead of ${count} as in the header` };
    }
  }
}

function rowOf(line: number, { path, label, split }: ManifestColumns, fields: readonly string[]): ManifestRow {
  const given = label === undefined ? "" : fields[label]!;
  return { line, path: fields[path]!, label: given, ...(split !== undefined && { split: fields[split]! }) };
}

async function* readJsonLines(
  lines: AsyncIterable<TextLine>,
  options: ColumnOptions,
): AsyncGenerator<ManifestRow | ManifestFault> {
  for await (const { line, text, fault } of lines) {
    if (fault !== undefined) yield { line, fault };
    else if (text.trim() !== "") yield readObject(line, text, options);
  }
}

function readObject(line: number, text: string, options: ColumnOptions): ManifestRow | ManifestFault {
  const parsed = parseJson(text);
  if (parsed === undefined) return { line, fault: `${quoted(text)} instead of a JSON object` };
  const keys = Object.keys(parsed);
  try {
    const columns = findColumns(keys, "an object with the keys", `line ${line}`, { ...options, guesses: false });
    const fields = keys.map((key) => textOf(parsed[key]));
    const wrong = Object.values(columns).find((at: number) => fields[at] === undefined);
    if (wrong === undefined)
      return rowOf(
        line,
        columns,
        fields.map((field) => field ?? ""),
      );
    return { line, fault: `${describeValue(parsed[keys[wrong]!])} as ${keys[wrong]} instead of text` };
  } catch (error) {
    if (!isAppError(error, "MANIFEST_INVALID")) throw error;
    return { line, fault: `${error.received} instead of ${error.required}` };
  }
}

/** Numbers are text too, as labels often are; null is a value that is left out. */
function textOf(value: unknown): string | undefined {
  if (value === null) return "";
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
