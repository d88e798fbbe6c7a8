/**
 * Reads the lines of a manifest as text fields, whatever they are written in: CSV, TSV, or one JSON
 * object a line.
 */
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { AppError } from "../../../base/errors.ts";
import { quoted } from "../label.ts";

export interface ManifestRow {
  /** `labels.csv:17`, for messages. */
  readonly where: string;
  readonly path: string;
  readonly label: string;
  readonly split?: string;
}

/** Far above any path with its label; a file without line breaks must not fill the memory. */
const lineLimitBytes = 64 * 1024;

const roles = {
  path: ["path", "file", "filename", "image"],
  label: ["label", "class", "target"],
  split: ["split"],
} as const;
type Role = keyof typeof roles;

/** True for a file name that ends as a manifest's does. */
export function isManifestName(location: string): boolean {
  return /\.(csv|tsv|jsonl|ndjson)$/i.test(location);
}

/**
 * The rows of an open manifest; its name says how it is written. Empty lines are passed over.
 * Errors: MANIFEST_INVALID with the line.
 */
export async function* readManifestRows(handle: FileHandle, location: string): AsyncGenerator<ManifestRow> {
  const file = basename(location);
  const chunks = handle.createReadStream({ autoClose: false, start: 0 });
  if (/\.(jsonl|ndjson)$/i.test(location)) yield* readJsonLines(chunks, file);
  else yield* readTable(chunks, file, /\.tsv$/i.test(location) ? "\t" : ",");
}

/** MANIFEST_INVALID. */
export function manifestInvalid(required: string, received: string, where: string, hint?: string): AppError {
  return new AppError("MANIFEST_INVALID", { required, received, where, ...(hint !== undefined && { hint }) });
}

/** RFC 4180, with a header. */
async function* readTable(
  chunks: AsyncIterable<Buffer>,
  file: string,
  delimiter: "," | "\t",
): AsyncGenerator<ManifestRow> {
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    skip_empty_lines: true,
    relax_column_count: true, // checked below, in our own words
    max_record_size: lineLimitBytes,
  });
  // A failure destroys the parser, which throws it below.
  const flow = pipeline(chunks, parser).catch(() => undefined);
  let header: { count: number; at: Record<Role, number | undefined> } | undefined;
  try {
    const records: AsyncIterable<CsvRecord> = parser;
    for await (const { record, info } of records) {
      const where = `${file}:${info.lines}`;
      requireUnicode(record.join(" "), where);
      if (header === undefined) {
        header = { count: record.length, at: findRoles(record, "a header line with the columns", where) };
        continue;
      }
      if (record.length !== header.count) {
        throw manifestInvalid(`${header.count} fields, as in the header`, `${record.length}`, where);
      }
      const { path, label, split } = header.at;
      yield {
        where,
        path: record[path!]!,
        label: record[label!]!,
        ...(split !== undefined && { split: record[split]! }),
      };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const lines: unknown = "lines" in error ? error.lines : undefined;
    throw manifestInvalid(
      "a line of CSV",
      error.message,
      `${file}:${lines ?? "?"}`,
      "quotes stand around a whole field",
    );
  } finally {
    await flow;
  }
}

/** What csv-parse gives with its option `info`. */
interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function* readJsonLines(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<ManifestRow> {
  let line = 0;
  for await (const bytes of splitLines(chunks, file)) {
    const where = `${file}:${++line}`;
    const text = bytes.toString().replace(/^\ufeff/, "");
    requireUnicode(text, where);
    if (text.trim() !== "") yield readObject(text, where);
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      requireShort(end, `${file}:${line++}`);
      yield rest.subarray(0, end);
      rest = rest.subarray(end + 1);
    }
    requireShort(rest.length, `${file}:${line}`);
  }
  if (rest.length > 0) yield rest;
}

function readObject(text: string, where: string): ManifestRow {
  const parsed = parseJson(text, where);
  const keys = Object.keys(parsed);
  const at = findRoles(keys, "an object with the keys", where);
  const textOf = (role: Role): string | undefined => {
    const key = keys[at[role] ?? -1];
    const value = key === undefined ? undefined : parsed[key];
    if (typeof value === "number" && role === "label") return String(value);
    if (typeof value === "string" || value === undefined || (value === null && role === "split")) {
      return value ?? undefined;
    }
    throw manifestInvalid(`text as ${role}`, quoted(JSON.stringify(value)), where);
  };
  const split = textOf("split");
  return { where, path: textOf("path")!, label: textOf("label")!, ...(split !== undefined && { split }) };
}

function parseJson(text: string, where: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw manifestInvalid("a JSON object in each line", quoted(text), where);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw manifestInvalid("a JSON object in each line", quoted(text), where);
  }
  return { ...parsed };
}

/**
 * Where each role's column or key stands. One role under two names is refused: nobody can tell
 * which one is meant.
 */
function findRoles(names: readonly string[], what: string, where: string): Record<Role, number | undefined> {
  const required = `${what} ${roles.path.join("|")} and ${roles.label.join("|")}`;
  const find = (role: Role): number | undefined => {
    const aliases: readonly string[] = roles[role];
    const found = names.flatMap((name, at) => (aliases.includes(name.trim().toLowerCase()) ? [at] : []));
    if (found.length > 1) {
      const twice = found.map((at) => quoted(names[at]!)).join(" and ");
      throw manifestInvalid(required, `${twice}, which mean the same`, where, "rename those that are not meant");
    }
    if (found.length === 0 && role !== "split") {
      throw manifestInvalid(required, quoted(names.join(", ")), where, "for example: path,label,split");
    }
    return found[0];
  };
  return { path: find("path"), label: find("label"), split: find("split") };
}

function requireShort(sizeBytes: number, where: string): void {
  if (sizeBytes > lineLimitBytes) {
    throw manifestInvalid(`at most ${lineLimitBytes} bytes in a line`, `${sizeBytes} or more`, where);
  }
}

/** The decoder puts U+FFFD where bytes are not UTF-8. */
function requireUnicode(text: string, where: string): void {
  if (text.includes("\ufffd")) throw manifestInvalid("text in UTF-8", quoted(text), where, "save the file as UTF-8");
}
