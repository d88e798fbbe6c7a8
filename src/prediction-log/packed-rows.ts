/**
 * Predictions as one text and one block of numbers, to go to another thread: copied one by one,
 * objects with arrays cost as much as writing them to a file.
 */
import type { LoggedPrediction } from "./prediction-log.ts";

export interface PackedRows {
  /** JSON of a `PackedRow` for each prediction. */
  readonly text: string;
  /** Probabilities, statistics and embedding of one prediction after the other. */
  readonly numbers: Float32Array<ArrayBuffer>;
}

type PackedRow = readonly [
  ...ids: [rowId: string, requestId: string, position: number, timeMs: number],
  ...answer: [model: string, version: string, role: string, label: string, confidence: number, latencyMs: number],
  keyId: string | null,
  // -1 for none.
  ...lengths: [probabilities: number, statistics: number, embedding: number],
];

export function packRows(rows: readonly LoggedPrediction[]): PackedRows {
  const lengthOf = (values: Float32Array | undefined): number => values?.length ?? -1;
  let length = 0;
  const packed = rows.map((row): PackedRow => {
    const { probabilities, statistics, embedding } = row;
    length += probabilities.length + (statistics?.length ?? 0) + (embedding?.length ?? 0);
    return [
      ...([row.rowId, row.requestId, row.position, row.timeMs] as const),
      ...([row.model, row.version, row.role, row.label, row.confidence, row.latencyMs] as const),
      row.keyId ?? null,
      ...([probabilities.length, lengthOf(statistics), lengthOf(embedding)] as const),
    ];
  });
  const numbers = new Float32Array(length);
  let at = 0;
  for (const { probabilities, statistics, embedding } of rows) {
    for (const values of [probabilities, statistics, embedding]) {
      if (values === undefined) continue;
      numbers.set(values, at);
      at += values.length;
    }
  }
  return { text: JSON.stringify(packed), numbers };
}

/** The rows share the block's memory. */
export function unpackRows({ text, numbers }: PackedRows): readonly LoggedPrediction[] {
  const packed: readonly PackedRow[] = JSON.parse(text);
  let at = 0;
  const take = (length: number): Float32Array => {
    const values = numbers.subarray(at, at + length);
    at += length;
    return values;
  };
  return packed.map((row) => {
    const [rowId, requestId, position, timeMs, model, version, role, label, confidence, latencyMs, keyId] = row;
    const [, , , , , , , , , , , probabilities, statistics, embedding] = row;
    return {
      ...{ rowId, requestId, position, timeMs, model, version, role, label, confidence, latencyMs },
      probabilities: take(probabilities),
      ...(statistics >= 0 && { statistics: take(statistics) }),
      ...(embedding >= 0 && { embedding: take(embedding) }),
      ...(keyId !== null && { keyId }),
    };
  });
}
