/** JSON as Python's json.loads reads it: integers and floats are kept apart, NaN and Infinity are numbers. */
import { AppError } from "../../base/errors.ts";
import type { ParamValue } from "./param-value.ts";

const deepestJson = 128;
/** As Python's int. */
const longestNumber = 4300;
/** A text, or a number with what follows that is no part of one in JSON. */
const tokens = /"([^"\\]*(?:\\.[^"\\]*)*)"|(-?(?:\d[\d.eE+-]*|Infinity)|NaN)/gs;
const json = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Of a name that is there twice, the last counts. Errors: DATA_FILE_INVALID. */
export function parseJson(text: string, where: string): ParamValue {
  // Every text gets an `s` before it and every number becomes a text with an `n`: JSON.parse then does
  // the rest, and neither digits nor the order of names such as "1" are lost.
  const marked = text.replace(tokens, (token, inner: string | undefined, number: string | undefined) => {
    if (inner !== undefined) return `"s${inner}"`;
    return json.test(number!) || /^(-?Infinity|NaN)$/.test(number!) ? `"n${number}"` : token; // one of the two is there
  });
  try {
    return checkedValue(JSON.parse(marked), where, 0);
  } catch (error) {
    throw error instanceof SyntaxError ? invalid("JSON", reasonOf(text), where) : error;
  }
}

/** In the words of JSON.parse, without the marks. */
function reasonOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return error.message.split("\n")[0]!.slice(0, 200);
  }
  return "other text";
}

function checkedValue(value: unknown, where: string, depth: number): ParamValue {
  if (depth > deepestJson) throw invalid(`at most ${deepestJson} levels of JSON`, "more than that", where);
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return value.startsWith("s") ? value.slice(1) : numberOf(value.slice(1), where);
  if (Array.isArray(value)) return value.map((one) => checkedValue(one, where, depth + 1));
  const entries = Object.entries(value as object); // JSON has nothing else
  return new Map(
    entries.map(([key, one]) => {
      if (!key.startsWith("s")) throw invalid("JSON", "a number as a name", where);
      return [key.slice(1), checkedValue(one, where, depth + 1)];
    }),
  );
}

function numberOf(digits: string, where: string): bigint | number {
  if (digits.length > longestNumber)
    throw invalid(`numbers of at most ${longestNumber} digits`, "more than that", where);
  return /^-?\d+$/.test(digits) ? BigInt(digits) : Number(digits);
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("DATA_FILE_INVALID", { required, received, where });
}
