/** Nested JSON arrays as one list of items and the array's shape. */
import { AppError } from "../../base/errors.ts";

/** Items in their order, the last axis fastest. */
export interface NestedArray<T> {
  readonly items: readonly T[];
  /** The length of the arrays at each depth. */
  readonly shape: readonly number[];
}

/** What an array holds: its test, and its name as a noun phrase for one and for several. */
export interface ItemKind<T> {
  readonly is: (value: unknown) => value is T;
  readonly one: string;
  readonly several: string;
}

export const numberItems: ItemKind<number> = {
  is: (value) => typeof value === "number",
  one: "a number",
  several: "numbers",
};

const maximumDepth = 4;

/** The length that stands for the items themselves. */
const item = 0;

/**
 * Errors: REQUEST_INVALID with its place for what is ragged, nested more than four deep, or no such
 * item.
 */
export function readNestedArray<T>(
  value: readonly unknown[],
  where: string,
  { is, one, several }: ItemKind<T>,
): NestedArray<T> {
  const items: T[] = [];
  /** The length of the arrays at each depth, and behind them `item`. */
  const lengths: number[] = [];
  const path: number[] = [];
  const place = (depth: number): string =>
    `${where}${path
      .slice(0, depth)
      .map((index) => `[${index}]`)
      .join("")}`;
  const inWords = (length: number): string => (length === item ? one : `a list of ${length}`);
  const requireLength = (depth: number, length: number): void => {
    lengths[depth] ??= length;
    if (lengths[depth] === length) return;
    throw invalid(`${inWords(lengths[depth])}, like its neighbours`, inWords(length), place(depth));
  };
  const walk = (list: readonly unknown[], depth: number): void => {
    if (depth === maximumDepth) {
      throw invalid(`${several} nested at most ${maximumDepth} deep`, "deeper nesting", where);
    }
    if (list.length === 0) throw invalid(several, "an empty list", place(depth));
    requireLength(depth, list.length);
    for (let index = 0; index < list.length; index++) {
      const part = list[index];
      path[depth] = index;
      if (Array.isArray(part)) {
        walk(part, depth + 1);
        continue;
      }
      if (!is(part)) throw invalid(several, nameOfKind(part), place(depth + 1));
      requireLength(depth + 1, item);
      items.push(part);
    }
  };
  walk(value, 0);
  return { items, shape: lengths.slice(0, -1) };
}

/** The kind of a JSON value, without any of its content. */
export function nameOfKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where });
}
