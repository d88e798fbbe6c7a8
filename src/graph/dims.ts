/** Arithmetic on dims that may be symbols: a symbolic dim is a product such as `N` or `4*N`. */
import { AppError } from "../base/errors.ts";
import type { Dim, Shape } from "./tensor-type.ts";

interface Product {
  readonly factor: number;
  readonly symbols: readonly string[];
}

function parse(dim: Dim): Product {
  if (typeof dim === "number") return { factor: dim, symbols: [] };
  const parts = dim.split("*");
  const numbers = parts.filter((part) => /^\d+$/.test(part)).map(Number);
  return {
    factor: numbers.reduce((product, part) => product * part, 1),
    symbols: parts.filter((part) => !/^\d+$/.test(part)).toSorted(),
  };
}

/** A square of a square has four symbols, and so on: a few nodes would take all memory. */
const mostSymbols = 64;

function format({ factor, symbols }: Product): Dim {
  if (symbols.length > mostSymbols)
    throw new AppError("GRAPH_SHAPE", {
      required: `a size that is a product of at most ${mostSymbols} symbols`,
      received: `one of ${symbols.length}`,
    });
  if (symbols.length === 0 || factor === 0) return factor;
  return (factor === 1 ? symbols : [factor, ...symbols]).join("*");
}

/** The number of elements of a shape, symbolic where a dim is. */
export function productOf(shape: Shape): Dim {
  const parts = shape.map(parse);
  return format({
    factor: parts.reduce((product, part) => product * part.factor, 1),
    symbols: parts.flatMap((part) => part.symbols).toSorted(),
  });
}

/** `a / b` where that is a whole number for every value of the symbols, else `undefined`. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  const numerator = parse(a);
  const denominator = parse(b);
  if (denominator.factor === 0 || numerator.factor % denominator.factor !== 0) return undefined;
  const symbols = [...numerator.symbols];
  for (const symbol of denominator.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return format({ factor: numerator.factor / denominator.factor, symbols });
}

/** The dim with its symbols replaced; those that are not named stay. */
export function substituteDim(dim: Dim, symbols: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === "number") return dim;
  const whole = symbols.get(dim);
  return (
    whole ?? productOf(dim.split("*").map((part) => (/^\d+$/.test(part) ? Number(part) : (symbols.get(part) ?? part))))
  );
}
