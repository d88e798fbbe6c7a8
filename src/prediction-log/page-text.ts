/**
 * A page of the log as one JSON text. SQLite gives values one by one, each by a call out of
 * JavaScript: a text is read three times as fast.
 */
import { type RawBuilder, sql } from "kysely";
import type { LabelledPrediction } from "./prediction-log.ts";
import type { LogTables } from "./tables.ts";

/** What is as long as a model has classes, or numbers in its embedding. */
export const vectorColumns = ["probabilities", "embedding"] as const;

export type VectorColumn = (typeof vectorColumns)[number];

export const plainColumns = [
  ...["row_id", "request_id", "position", "time_ms", "model", "version", "role", "label", "confidence"],
  ...["latency_ms", "key_id", "statistics"],
] as Exclude<keyof LogTables["predictions"], VectorColumn>[];

/** In the order of `PageRow`. */
const textColumns = [
  ...["row_id", "request_id", "position", "time_ms", "model", "version", "role", "label", "confidence"],
  ...["latency_ms", "key_id", "true_label", "hex(statistics)"],
];

type PageRow = readonly [
  ...ids: [rowId: string, requestId: string, position: number, timeMs: number],
  ...answer: [model: string, version: string, role: string, label: string, confidence: number, latencyMs: number],
  ...texts: [keyId: string | null, trueLabel: string | null],
  ...bytes: [statistics: string, probabilities?: string, embedding?: string],
];

/** Of a query with `plainColumns`, `true_label` and, with `vectors`, `vectorColumns`. */
export function pageText(vectors: boolean): RawBuilder<string> {
  const columns = [...textColumns, ...(vectors ? vectorColumns.map((name) => `hex(${name})`) : [])];
  return sql<string>`json_group_array(json_array(${sql.raw(columns.join(", "))}))`;
}

export function parsePage(text: string): LabelledPrediction[] {
  const rows: PageRow[] = JSON.parse(text);
  return rows.map(fromPageRow).sort(byTime);
}

const noNumbers = new Float32Array();

function fromPageRow(row: PageRow): LabelledPrediction {
  const [rowId, requestId, position, timeMs, model, version, role, label, confidence, latencyMs] = row;
  const [, , , , , , , , , , keyId, trueLabel, statistics, probabilities, embedding] = row;
  return {
    rowId,
    requestId,
    position,
    timeMs,
    model,
    version,
    role,
    label,
    // JSON has 15 digits, from which a float32 comes back whole.
    confidence: Math.fround(confidence),
    probabilities: probabilities ? floatsOfHex(probabilities) : noNumbers,
    latencyMs,
    // hex() of null is an empty text.
    ...(statistics !== "" && { statistics: floatsOfHex(statistics) }),
    ...(embedding && { embedding: floatsOfHex(embedding) }),
    ...(keyId !== null && { keyId }),
    ...(trueLabel !== null && { trueLabel }),
  };
}

function byTime(first: LabelledPrediction, second: LabelledPrediction): number {
  return first.timeMs - second.timeMs || (first.rowId < second.rowId ? -1 : Number(first.rowId > second.rowId));
}

/** This machine's byte order is that of the log, or the bytes are turned. */
export const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function floatsOfHex(hex: string): Float32Array {
  const bytes = Buffer.alloc(hex.length >> 1);
  bytes.write(hex, "hex");
  if (!isLittleEndian) bytes.swap32();
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
