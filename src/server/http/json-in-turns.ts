/** Large answers as JSON, written piece by piece with pauses, so that others get their turn. */
import { setImmediate } from "node:timers/promises";

/** Values that are written at once: a few milliseconds. */
const valuesAtOnce = 10_000;

/** Whether an answer is too large to be written at once. Bytes are none of JSON's. */
export function isLargeJson(answer: unknown): boolean {
  return countValues(answer, valuesAtOnce) > valuesAtOnce;
}

/** The same text as `JSON.stringify` gives, as UTF-8. `value` is plain data. */
export async function jsonInTurns(value: unknown): Promise<Buffer> {
  const parts: Buffer[] = [];
  let text = "";
  let values = 0;
  for (const [piece, size] of piecesOf(value)) {
    text += piece;
    values += size;
    if (values < valuesAtOnce) continue;
    parts.push(Buffer.from(text));
    text = "";
    values = 0;
    await setImmediate();
  }
  return Buffer.concat([...parts, Buffer.from(text)]);
}

/** Numbers and texts, counted until they are more than `limit`. */
function countValues(value: unknown, limit: number): number {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 1;
  if (Array.isArray(value) && typeof value[0] !== "object") return value.length;
  let count = 0;
  for (const part of Object.values(value)) {
    count += countValues(part, limit - count);
    if (count > limit) break;
  }
  return count;
}

/** Pieces of text, each with the number of its values. */
function* piecesOf(value: unknown): Generator<readonly [string, number]> {
  if (typeof value !== "object" || value === null) yield [JSON.stringify(value) ?? "null", 1];
  else if (Array.isArray(value)) yield* piecesOfList(value);
  else {
    let before = "{";
    for (const [key, part] of Object.entries(value)) {
      if (part === undefined) continue;
      yield [`${before}${JSON.stringify(key)}:`, 0];
      yield* piecesOf(part);
      before = ",";
    }
    yield [before === "{" ? "{}" : "}", 0];
  }
}

function* piecesOfList(list: readonly unknown[]): Generator<readonly [string, number]> {
  const isFlat = typeof list[0] !== "object";
  yield ["[", 0];
  for (let start = 0; start < list.length; start += isFlat ? valuesAtOnce : 1) {
    if (start > 0) yield [",", 0];
    if (isFlat) {
      const part = list.slice(start, start + valuesAtOnce);
      yield [JSON.stringify(part).slice(1, -1), part.length];
    } else yield* piecesOf(list[start]);
  }
  yield ["]", 0];
}
