/**
 * Options as programs give them, checked when they arrive: from JavaScript no compiler has seen
 * them.
 */
import { type TObject, type TOptional, type TSchema, Type } from "typebox";
import { isSection } from "../config/config-leaves.ts";
import { describeValue } from "../describe-value.ts";
import { AppError } from "../errors.ts";
import { hintForName, nearestName } from "../nearest.ts";
import { describeSchema } from "./describe-schema.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { matchesSchema } from "./matches-schema.ts";
import { schemaFault } from "./schema-fault.ts";

type OptionalKeys<O> = { [K in keyof O]-?: object extends Pick<O, K> ? K : never }[keyof O];

/** A schema for each option of `O`: one that is missing, surplus, or wrongly optional does not compile. */
type OptionSchemas<O> = {
  readonly [K in keyof O]-?: K extends OptionalKeys<O> ? TOptional<TSchema> : TSchema;
};

/** The schema of the options object `O`. */
export function optionsSchema<O>(schemas: OptionSchemas<O>): TObject {
  const properties: unknown = schemas;
  return Type.Object(properties as Record<string, TSchema>); // each value is a schema, by the type
}

/** A value that no JSON can hold, such as a function: `what` is a noun phrase for errors. */
export function instanceOf(what: string, accepts: (value: unknown) => boolean): TSchema {
  return Type.Refine(Type.Unknown({ description: what }), accepts);
}

/** An object with these methods, whoever made it. */
export function portSchema(what: string, ...methods: readonly [string, ...string[]]): TSchema {
  return instanceOf(what, (value) => {
    if (typeof value !== "object" || value === null) return false;
    return methods.every((name) => typeof Reflect.get(value, name) === "function");
  });
}

export const Flag = Type.Optional(Type.Boolean());
export const Count = Type.Optional(Type.Integer({ minimum: 1 }));
export const Text = Type.String({ minLength: 1 });
export const Callback = Type.Optional(instanceOf("a function", (value) => typeof value === "function"));
export const SignalOption = Type.Optional(
  portSchema("an AbortSignal", "addEventListener", "removeEventListener", "throwIfAborted"),
);
export const ProgressOption = Type.Optional(portSchema("a progress port: an object with a method start", "start"));
export const LoggerOption = Type.Optional(
  portSchema("a logger: an object with methods debug, info, warn and error", "debug", "info", "warn", "error"),
);

/**
 * The options of a call, in sections too: undefined is "not given", and the schema's defaults stand
 * where nothing is given. `call` names the function in errors.
 * Errors: CONFIG_UNKNOWN_KEY with the known name that was meant; CONFIG_INVALID for a value of the
 * wrong type or range, and for one that is missing.
 */
export function readOptions<O extends object>(schema: TObject, given: O | undefined, call: string): O {
  return readSection(schema, given === undefined ? {} : given, "", call) as O; // every value was checked; undefined means not given
}

function readSection(schema: TObject, given: unknown, path: string, call: string): Record<string, unknown> {
  if (!isPlainObject(given)) {
    throw new AppError("CONFIG_INVALID", {
      required: path === "" ? "an object with options" : `an object for ${path}`,
      received: describeValue(given),
      where: call,
      ...shapeHint(schema, given),
    });
  }
  const options: Record<string, unknown> = {};
  for (const name of namesIn(given, schema)) {
    const value: unknown = Reflect.get(given, name);
    const part = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const place = path === "" ? name : `${path}.${name}`;
    if (part === undefined) throw unknownOption(schema, name, place, call);
    if (value === undefined) continue;
    options[name] = isSection(part) ? readSection(part, value, place, call) : readValue(part, value, place, call);
  }
  for (const [name, part] of Object.entries(schema.properties)) {
    if (options[name] !== undefined) continue;
    const { default: value } = jsonSchemaOf(part);
    if (value !== undefined) options[name] = structuredClone(value);
    else if (schema.required?.includes(name)) {
      throw invalid(part, undefined, path === "" ? name : `${path}.${name}`, call);
    }
  }
  return options;
}

/**
 * The names of what is given, also through an object's prototype: `Object.create(defaults)`, and the
 * getters of a class, which can be found by a known name only.
 */
function namesIn(given: object, schema: TObject): ReadonlySet<string> {
  const names = new Set(Object.keys(schema.properties).filter((name) => name in given));
  for (const name in given) names.add(name);
  return names;
}

function readValue(part: TSchema, value: unknown, place: string, call: string): unknown {
  if (matchesSchema(part, value)) return value;
  throw invalid(part, value, place, call);
}

function invalid(part: TSchema, value: unknown, place: string, call: string): AppError {
  const fault = value === undefined ? undefined : schemaFault(part, value);
  const isInner = fault !== undefined && fault.path !== "";
  return new AppError("CONFIG_INVALID", {
    required: isInner ? `${fault.expected} for ${place}.${fault.path}` : `${describeSchema(part)} for ${place}`,
    received: isInner ? fault.received : describeValue(value),
    where: call,
  });
}

function unknownOption(schema: TObject, name: string, place: string, call: string): AppError {
  const known = Object.keys(schema.properties);
  const inner = innerNames(schema);
  // A name from one level below, exactly or nearly: `train({ epochs: 3 })`.
  const exact = inner.get(name);
  const near = nearestName(name, known) === undefined ? nearestName(name, inner.keys()) : undefined;
  const meant = exact ?? (near && inner.get(near));
  const listed = known.length > 20 ? undefined : `known: ${known.join(", ")}`;
  const hint = meant === undefined ? (hintForName(name, known) ?? listed) : `did you mean ${meant}?`;
  return new AppError("CONFIG_UNKNOWN_KEY", {
    required: `a known option of ${call}`,
    received: place,
    ...(hint !== undefined && { hint }),
  });
}

/** The options of the sections, each with its path. */
function innerNames(schema: TObject): ReadonlyMap<string, string> {
  const sections = Object.entries(schema.properties).flatMap(([section, part]) =>
    Object.keys(jsonSchemaOf(part).properties ?? {}).map((name) => [name, `${section}.${name}`] as const),
  );
  return new Map(sections);
}

/** `evaluateBundle("models/a.onnx")`: the name of the option that it may have been meant for. */
function shapeHint(schema: TObject, given: unknown): { readonly hint?: string } {
  const [first] = schema.required ?? [];
  return first !== undefined && typeof given === "string" ? { hint: `give { ${first}: … }` } : {};
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object Object]";
}
