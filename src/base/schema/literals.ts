/** A schema that takes one text of a list. */
import { type TLiteral, type TSchemaOptions, type TUnion, Type } from "typebox";

type LiteralsOf<T extends readonly string[]> = T extends readonly [
  infer First extends string,
  ...infer Rest extends readonly string[],
]
  ? [TLiteral<First>, ...LiteralsOf<Rest>]
  : [];

/** `literals(["cat", "dog"])`: its static type is `"cat" | "dog"`. */
export function literals<const T extends readonly [string, ...string[]]>(
  names: T,
  options?: TSchemaOptions,
): TUnion<LiteralsOf<T>> {
  const literals: unknown = names.map((name) => Type.Literal(name));
  return Type.Union<LiteralsOf<T>>(literals as [...LiteralsOf<T>], options); // one literal for each name
}
