/** One row of a batch prediction, as it is kept until all are there. */

/** The probabilities of all classes in the bundle's order, or why there are none. */
export type BatchRow =
  | { readonly id: string; readonly probabilities: readonly number[]; readonly error?: undefined }
  | { readonly id: string; readonly error: { readonly code: string; readonly message: string } };

/** As an array of JSON, for `sealLine`. */
export function encodeRow(row: BatchRow): string {
  if (row.error !== undefined) return JSON.stringify([row.id, row.error.code, row.error.message]);
  return JSON.stringify([row.id, row.probabilities]);
}

/** The row of a sealed line's value; undefined for a value of another form. */
export function decodeRow(value: unknown): BatchRow | undefined {
  if (!Array.isArray(value)) return undefined;
  const [id, second, third]: readonly unknown[] = value;
  if (typeof id !== "string") return undefined;
  if (Array.isArray(second)) return { id, probabilities: second as readonly number[] }; // written by encodeRow, and sealed
  if (typeof second !== "string" || typeof third !== "string") return undefined;
  return { id, error: { code: second, message: third } };
}
