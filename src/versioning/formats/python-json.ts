/** JSON as Python's json.dumps writes it, for what is hashed: key order, separators, escapes. */
import type { ParamValue } from "./param-value.ts";
import { pythonFloat } from "./python-number.ts";
import { isPlainKey } from "./yaml-node.ts";

export interface PythonJsonOptions {
  readonly sortKeys?: boolean;
}

/**
 * Separators `", "` and `": "`, every character beyond ASCII as `\uXXXX`, floats as repr writes
 * them, keys sorted by code points where asked, and keys that are numbers by their value.
 */
export function pythonJson(value: ParamValue, options: PythonJsonOptions = {}): string {
  if (value === null) return "null";
  if (typeof value === "string") return pythonJsonString(value);
  if (typeof value === "number") return jsonFloat(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (value instanceof Map) {
    const keys = [...value.keys()];
    const areNumbers = keys.every((key) => isPlainKey(value, key) && !Number.isNaN(Number(key)));
    if (options.sortKeys) keys.sort(areNumbers ? (a, b) => Number(a) - Number(b) : byCodePoints);
    return `{${keys.map((key) => `${pythonJsonString(key)}: ${pythonJson(value.get(key) ?? null, options)}`).join(", ")}}`;
  }
  const items = value as readonly ParamValue[]; // all else is handled above
  return `[${items.map((item) => pythonJson(item, options)).join(", ")}]`;
}

/** A string of JSON in ASCII. */
export function pythonJsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-Infinity" : "Infinity";
  return pythonFloat(value);
}

/** As Python sorts strings: by code points, where JavaScript sorts by UTF-16 units. */
export function byCodePoints(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}
