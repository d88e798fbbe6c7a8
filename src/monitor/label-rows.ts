/** The rows of a file of late labels: which columns mean what, and which lines cannot be used. */
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { withoutFormulaGuard } from "../base/csv-line.ts";
import { AppError } from "../base/errors.ts";
import { quoted } from "../dataset/sources/label.ts";
import { readCsv } from "../dataset/sources/tables/csv-records.ts";
import { readLines } from "../dataset/sources/tables/text-lines.ts";

export interface LabelRow {
  /** The number of its first line, counted from 1. */
  readonly line: number;
  readonly requestId: string;
  readonly position: number;
  /** Empty where nobody has said it yet. */
  readonly label: string;
}

/** A line that cannot be used. */
export interface LabelFault {
  readonly line: number;
  /** A noun phrase. */
  readonly fault: string;
}

const roles = { requestId: "request_id", label: "label", position: "position" } as const;

interface Header {
  readonly count: number;
  readonly requestId: number;
  readonly label: number;
  readonly position: number | undefined;
}

/**
 * Errors: LABELS_INVALID for a table without the columns `request_id` and `label`, or with one twice;
 * MANIFEST_INVALID for a file that is no text.
 */
export async function* readLabelRows(handle: FileHandle, location: string): AsyncGenerator<LabelRow | LabelFault> {
  let header: Header | undefined;
  for await (const record of readCsv(readLines(handle, location))) {
    const { line } = record;
    if (header === undefined) {
      const names = "fields" in record ? record.fields : [record.fault];
      header = readHeader(names, `${basename(location)}:${line}`);
    } else yield "fault" in record ? record : readRow(line, record.fields, header);
  }
  if (header === undefined) throw noColumns("an empty file", basename(location));
}

function readHeader(names: readonly string[], where: string): Header {
  const plain = names.map((name) => name.toLowerCase().replace(/[\s_-]/g, ""));
  const find = (name: string): number | undefined => {
    const found = plain.flatMap((one, at) => (one === name.replace("_", "") ? [at] : []));
    if (found.length > 1) throw noColumns(`${name} twice`, where);
    return found[0];
  };
  const [requestId, label, position] = [find(roles.requestId), find(roles.label), find(roles.position)];
  if (requestId === undefined || label === undefined) throw noColumns(quoted(names.join(", "), 200), where);
  return { count: names.length, requestId, label, position };
}

function noColumns(received: string, where: string): AppError {
  return new AppError("LABELS_INVALID", {
    required: "a header line with the columns request_id and label, and position where requests have several pictures",
    received,
    where,
    hint: "for example: request_id,label,position",
  });
}

function readRow(line: number, fields: readonly string[], { count, ...columns }: Header): LabelRow | LabelFault {
  const isWhole = fields.length >= count && fields.slice(count).every((field) => field.trim() === "");
  if (!isWhole) return { line, fault: `${fields.length} fields instead of ${count} as in the header` };
  const textAt = (at: number): string => withoutFormulaGuard(fields[at]!.trim());
  const requestId = textAt(columns.requestId);
  if (requestId === "") return { line, fault: "no request_id" };
  const given = columns.position === undefined ? "" : textAt(columns.position);
  if (!/^\d{0,9}$/.test(given)) return { line, fault: `${quoted(given)} as position instead of a number from 0` };
  return { line, requestId, position: Number(given), label: textAt(columns.label) };
}
