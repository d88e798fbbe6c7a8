/** What a word without quotes is in YAML 1.2, as ruamel.yaml resolves it (`resolver.py`, `constructor.py`). */
import type { ParamValue } from "./param-value.ts";
import { pythonFloat } from "./python-number.ts";

export type PlainKind = "bool" | "float" | "int" | "merge" | "null" | "date" | "value" | "text";

const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const integer = /^(?:[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$/;
const date =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/;

/** What a word without quotes is. */
export function plainKindOf(word: string): PlainKind {
  if (word === "" || word === "~" || /^(?:null|Null|NULL)$/.test(word)) return "null";
  if (word === "<<") return "merge";
  if (word === "=") return "value";
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(word)) return "bool";
  if (!/^[-+0-9.]/.test(word)) return "text";
  if (float.test(word)) return "float";
  if (word.startsWith(".")) return "text";
  if (integer.test(word)) return "int";
  return date.test(word) ? "date" : "text";
}

/** The value of a word of these kinds; of a date, of merge keys and `=` the text. */
export function plainValue(word: string): ParamValue {
  const kind = plainKindOf(word);
  if (kind === "null") return null;
  if (kind === "bool") return word.toLowerCase() === "true";
  if (kind === "int") return integerValue(word.replaceAll("_", "")) ?? word;
  if (kind === "float") return floatValue(word.replaceAll("_", "").toLowerCase());
  return word;
}

/** `0o17` is octal; a leading zero alone is decimal. Undefined where no digit is left: `0b_`. */
function integerValue(word: string): bigint | undefined {
  const digits = word.replace(/^[-+]/, "");
  try {
    return word.startsWith("-") ? -BigInt(digits) : BigInt(digits);
  } catch {
    return undefined;
  }
}

function floatValue(word: string): number {
  if (word.endsWith("inf")) return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return word === ".nan" ? Number.NaN : Number(word);
}

/** A value that is no list or map, as it is written without quotes. Null is nothing at all. */
export function plainText(value: null | boolean | bigint | number): string {
  if (value === null) return "";
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return ".nan";
  return Number.isFinite(value) ? pythonFloat(value) : value < 0 ? "-.inf" : ".inf";
}
