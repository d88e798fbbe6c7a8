/** Whether a value is what a schema accepts. */
import type { Static, TSchema } from "typebox";
// Half the time to load, and less memory, than `typebox/value`: 35 instead of 75 ms at each start.
import { Check } from "typebox/schema";

export function matchesSchema<T extends TSchema>(schema: T, value: unknown): value is Static<T> {
  return Check(schema, value);
}
