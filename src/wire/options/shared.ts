/** Schemas of options that several functions of the library take. */
import { type TSchema, Type } from "typebox";
import { portSchema } from "../../base/schema/options.ts";

/** `executor` and `threads` of the functions whose engine is chosen in `wire/`. */
export const engineOptions = {
  executor: Type.Optional(portSchema("an executor of pawprint/graph", "load")),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 512 })),
};

/** A bundle as `loadBundle` gives it. */
export const LoadedBundleOption: TSchema = portSchema("a bundle that was loaded with loadBundle", "answer", "close");
