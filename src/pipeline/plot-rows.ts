/** Rows of a plot's file: CSV, TSV, JSON and YAML. */
import { parse } from "csv-parse/sync";
import { AppError } from "../base/errors.ts";
import { textOf } from "../versioning/formats/entry-reader.ts";
import { parseParams } from "../versioning/stages/params-file.ts";
import { plainValueOf } from "./metrics.ts";

export type PlotRow = Readonly<Record<string, unknown>>;

const mostRows = 1_000_000;

/** Of the lists in a JSON document the first whose rows have `columns`. Errors: DATA_FILE_INVALID. */
export function plotRows(
  file: string,
  bytes: Uint8Array,
  { hasHeader, columns }: { readonly hasHeader: boolean; readonly columns: readonly string[] },
): readonly PlotRow[] {
  const ending = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase();
  if (ending === "csv" || ending === "tsv")
    return separatedRows(file, textOf(bytes, file), ending === "csv" ? "," : "\t", hasHeader);
  const lists = [...listsIn(plainValueOf(parseParams(bytes, file)))];
  const rows = lists.find(([first]) => first !== undefined && columns.every((name) => Object.hasOwn(first, name)));
  const found = rows ?? lists[0];
  if (found === undefined) throw invalid(file, "a list of objects", "another value");
  return found.slice(0, mostRows);
}

function separatedRows(file: string, text: string, delimiter: string, hasHeader: boolean): readonly PlotRow[] {
  try {
    const rows: string[][] = parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      to: mostRows,
    });
    const [head = [], ...rest] = hasHeader ? rows : [(rows[0] ?? []).map((_, at) => String(at)), ...rows];
    return rest.map((row) => Object.fromEntries(row.map((cell, at) => [head[at] ?? String(at), cell])));
  } catch (error) {
    throw invalid(file, "rows of separated values", error instanceof Error ? error.message : "other text");
  }
}

/** Lists of objects at any depth, the outer ones first in the order in which they are written. */
function* listsIn(value: unknown): Generator<readonly PlotRow[]> {
  if (Array.isArray(value)) {
    const rows = value.filter((row): row is PlotRow => typeof row === "object" && row !== null && !Array.isArray(row));
    if (rows.length > 0 || value.length === 0) yield rows;
  } else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) yield* listsIn(inner);
  }
}

function invalid(where: string, required: string, received: string): AppError {
  return new AppError("DATA_FILE_INVALID", { required, received: received.slice(0, 120), where });
}
