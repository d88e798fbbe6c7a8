/** The keywords of JSON Schema that Pawprint reads from its own schemas. */
import type { TSchema } from "typebox";

export interface JsonSchema {
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly anyOf?: readonly TSchema[];
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly examples?: readonly unknown[];
}

/** A schema of TypeBox is a JSON Schema; its static type hides the keywords. */
export function jsonSchemaOf(schema: TSchema): JsonSchema {
  return schema as JsonSchema;
}
