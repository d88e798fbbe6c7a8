/** The rows of a batch prediction as files: CSV, JSON lines, Parquet. */
import type { ByteWriter } from "hyparquet-writer";
import { csvLine } from "../../base/csv-line.ts";
import { AppError } from "../../base/errors.ts";
import { indexOfLargest } from "../../metrics/classification-metrics.ts";
import type { BatchRow } from "./batch-row.ts";

export const batchFormats = ["csv", "jsonl", "parquet"] as const;
export type BatchFormat = (typeof batchFormats)[number];

type Rows = AsyncIterable<BatchRow>;
type Chunks = AsyncGenerator<Uint8Array | string>;

const encoders: Readonly<Record<BatchFormat, (rows: Rows, labels: readonly string[]) => Chunks>> = {
  csv: encodeCsv,
  jsonl: encodeJsonLines,
  parquet: encodeParquet,
};

/** The content of the file, in chunks. */
export function encodeRows(format: BatchFormat, rows: Rows, labels: readonly string[]): Chunks {
  return encoders[format](rows, labels);
}

/** The format that the end of a file's name says. Errors: CONFIG_INVALID for another end. */
export function formatOf(out: string): BatchFormat {
  const ending = /\.([a-z0-9]+)$/i.exec(out)?.[1]?.toLowerCase();
  const found = batchFormats.find((format) => format === ending);
  if (found !== undefined) return found;
  throw new AppError("CONFIG_INVALID", {
    required: `an output whose name ends with ${batchFormats.map((format) => `.${format}`).join(", ")}`,
    received: ending === undefined ? "a name without an ending" : `one with .${ending}`,
    where: "out",
    hint: "end the name so, or give `format`",
  });
}

/** Rows that are encoded together. */
const groupRows = 1024;

async function* groupsOf(rows: Rows, size: number): AsyncGenerator<readonly BatchRow[]> {
  let group: BatchRow[] = [];
  for await (const row of rows) {
    if (group.push(row) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** `id, label, confidence, probability_LABEL for each class, error_code, error_message`. */
function columnsOf(labels: readonly string[]): readonly string[] {
  return ["id", "label", "confidence", ...labels.map((label) => `probability_${label}`), "error_code", "error_message"];
}

async function* encodeCsv(rows: Rows, labels: readonly string[]): Chunks {
  yield csvLine(columnsOf(labels));
  const nothing = labels.map(() => "");
  const lineOf = (row: BatchRow): string => {
    if (row.error !== undefined) return csvLine([row.id, "", "", ...nothing, row.error.code, row.error.message]);
    const best = indexOfLargest(row.probabilities);
    const numbers = row.probabilities.map(String);
    return csvLine([row.id, labels[best]!, numbers[best]!, ...numbers, "", ""]);
  };
  for await (const group of groupsOf(rows, groupRows)) yield group.map(lineOf).join("");
}

async function* encodeJsonLines(rows: Rows, labels: readonly string[]): Chunks {
  const lineOf = ({ id, ...row }: BatchRow): string => {
    if (row.error !== undefined) return `${JSON.stringify({ id, error: row.error })}\n`;
    const best = indexOfLargest(row.probabilities);
    const probabilities = Object.fromEntries(labels.map((label, at) => [label, row.probabilities[at]!]));
    return `${JSON.stringify({ id, label: labels[best]!, confidence: row.probabilities[best]!, probabilities })}\n`;
  };
  for await (const group of groupsOf(rows, groupRows)) yield group.map(lineOf).join("");
}

/** Cells of one row group, which is in memory while it is written. */
const groupCells = 2 ** 20;

/** Text columns and 32-bit numbers; what a row does not have is null. */
async function* encodeParquet(rows: Rows, labels: readonly string[]): Chunks {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const names = columnsOf(labels);
  const isNumber = (at: number): boolean => at >= 2 && at < 3 + labels.length;
  const columnData = (group: readonly BatchRow[]) => {
    const cells = group.map((row) => cellsOf(row, labels));
    return names.map((name, at) => ({
      name,
      type: isNumber(at) ? ("FLOAT" as const) : ("STRING" as const),
      nullable: at > 0,
      data: cells.map((row) => row[at]),
    }));
  };
  const writer = new ByteWriter(2 ** 16);
  const file = new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData: columnData([]) }) });
  const size = Math.max(64, Math.min(2 ** 16, Math.floor(groupCells / names.length)));
  for await (const group of groupsOf(rows, size)) {
    await file.write({ columnData: columnData(group), rowGroupSize: group.length });
    yield takeBytes(writer);
  }
  await file.finish();
  yield takeBytes(writer);
}

function cellsOf(row: BatchRow, labels: readonly string[]): readonly (string | number | undefined)[] {
  if (row.error !== undefined) {
    return [row.id, undefined, undefined, ...labels.map(() => undefined), row.error.code, row.error.message];
  }
  const best = indexOfLargest(row.probabilities);
  return [row.id, labels[best]!, row.probabilities[best]!, ...row.probabilities, undefined, undefined];
}

/** What was written since the last call; the writer goes on counting offsets from the file's start. */
function takeBytes(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}
