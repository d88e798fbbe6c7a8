/** A sweep's file: the settings of `train` that are searched, their ranges, and the method. */
import { type Static, type TSchema, Type } from "typebox";
import { loadConfig } from "../../base/config/config.ts";
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { jsonSchemaOf } from "../../base/schema/json-schema.ts";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { type TrainSettings, trainConfigSchema } from "../plan/train-config.ts";

const schema = Type.Object({
  data: Type.String({ minLength: 1, description: "labelled pictures, as for train --data" }),
  method: Type.Union([Type.Literal("random"), Type.Literal("halving")], {
    default: "random",
    description: "random search, or successive halving",
  }),
  trials: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 12,
    description: "number of trials, each with settings of its own",
  }),
  seed: Type.Integer({ minimum: 0, default: 0, description: "seed of the settings that are drawn" }),
  epochs: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 9,
    description: "of each trial; with halving of the last round",
  }),
  minEpochs: Type.Integer({ minimum: 1, maximum: 10_000, default: 1, description: "with halving: of the first round" }),
  eta: Type.Integer({
    minimum: 2,
    maximum: 16,
    default: 3,
    description: "with halving: one trial in eta is continued, with eta times the epochs",
  }),
  fixed: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "settings of train for all trials" })),
  search: Type.Record(Type.String(), Type.Unknown(), {
    description: "settings that are drawn, each with choice, uniform, logUniform or integer",
  }),
});

const range = Type.Array(Type.Number(), { minItems: 2, maxItems: 2 });
const rangeSchemas = {
  choice: Type.Array(Type.Unknown(), { minItems: 1 }),
  uniform: range,
  logUniform: range,
  integer: range,
} as const;

/** How a setting is drawn; ranges include both ends. */
export type SearchRange =
  | { readonly kind: "choice"; readonly values: readonly unknown[] }
  | { readonly kind: "uniform" | "logUniform" | "integer"; readonly low: number; readonly high: number };

export interface Sweep extends Readonly<Omit<Static<typeof schema>, "fixed" | "search">> {
  readonly fixed: TrainSettings;
  readonly search: Readonly<Record<string, SearchRange>>;
}

/** Settings of `train` that a sweep sets itself. */
const taken: ReadonlySet<string> = new Set(["data", "out", "epochs", "time", "threads", "checkpointMinutes"]);
const known = Object.keys(trainConfigSchema.properties).filter((key) => !taken.has(key));

/**
 * Errors: CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, CONFIG_INVALID, each with its place in the file.
 */
export function parseSweep(text: string, fileName: string): Sweep {
  const config = loadConfig({ schema, fileText: text, fileName });
  const { fixed = {}, search, minEpochs, epochs } = config;
  for (const [key, value] of Object.entries(fixed)) requireSetting(key, value, `${fileName} fixed.${key}`);
  const ranges = Object.fromEntries(
    Object.entries(search).map(([key, value]) => [key, readRange(key, value, `${fileName} search.${key}`)]),
  );
  const twice = Object.keys(ranges).find((key) => key in fixed);
  if (twice !== undefined) throw invalid(`${twice} under either fixed or search`, "both", fileName);
  if (Object.keys(ranges).length === 0) throw invalid("at least one setting to search", "none", `${fileName} search`);
  if (minEpochs > epochs)
    throw invalid(`at most the ${epochs} epochs for minEpochs`, `${minEpochs}`, `${fileName} minEpochs`);
  return { ...config, fixed: fixed as TrainSettings, search: ranges }; // each was checked against the schema of train
}

function readRange(key: string, value: unknown, where: string): SearchRange {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const [kind, given] = entries[0] ?? [];
  const kinds = Object.keys(rangeSchemas);
  if (entries.length !== 1 || kind === undefined || !kinds.includes(kind)) {
    throw invalid(`one of ${kinds.join(", ")}`, JSON.stringify(value), where);
  }
  const kindName = kind as keyof typeof rangeSchemas; // one of its keys, as the line above checks
  if (!matchesSchema(rangeSchemas[kindName], given))
    throw invalid(kind === "choice" ? "a list of values" : "two numbers, [low, high]", JSON.stringify(given), where);
  if (kindName === "choice") {
    const values = given as readonly unknown[];
    for (const one of values) requireSetting(key, one, where);
    return { kind: "choice", values };
  }
  const [low, high] = given as unknown as readonly [number, number]; // two numbers, as checked above
  const setting: TSchema = trainConfigSchema.properties[key as keyof typeof trainConfigSchema.properties] ?? {};
  const { type } = jsonSchemaOf(setting);
  if (known.includes(key) && type !== "number" && type !== "integer") {
    throw invalid(`choice for ${key}, which is not a number`, kindName, where);
  }
  if (type === "integer" && kindName !== "integer")
    throw invalid(`integer or choice for ${key}, a whole number`, kindName, where);
  if (kindName === "integer" && !(Number.isSafeInteger(low) && Number.isSafeInteger(high) && high - low < 2 ** 32)) {
    throw invalid("two whole numbers, less than 2^32 apart", JSON.stringify(given), where);
  }
  if (!(low < high) || (kindName === "logUniform" && low <= 0)) {
    throw invalid(
      `[low, high] with low below high${kindName === "logUniform" ? ", both above 0" : ""}`,
      JSON.stringify(given),
      where,
    );
  }
  // Between two allowed ends all values are allowed.
  for (const end of [low, high]) requireSetting(key, end, where);
  return { kind: kindName, low, high };
}

function requireSetting(key: string, value: unknown, where: string): void {
  if (!known.includes(key)) {
    const hint = hintForName(key, known);
    throw new AppError("CONFIG_UNKNOWN_KEY", {
      required: taken.has(key) ? "a setting that the sweep does not set itself" : "a setting of train",
      received: key,
      where,
      ...(hint !== undefined && !taken.has(key) && { hint }),
    });
  }
  const part = trainConfigSchema.properties[key as keyof typeof trainConfigSchema.properties];
  const fault = schemaFault(part, value);
  if (fault) throw invalid(expectedOf(fault, key), fault.received, where);
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("CONFIG_INVALID", { required, received, where });
}
