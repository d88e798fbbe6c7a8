/** The option `tracking` of the functions that record. */
import { Type } from "typebox";
import { instanceOf, optionsSchema, portSchema, readOptions, Text } from "../../base/schema/options.ts";
import { trackingConfigSchema } from "../../tracking/tracking-config.ts";
import type { TrackingOptions } from "../recording.ts";

/** Read by `readTracking`, which tells what is wrong inside of it. */
export const TrackingOption = Type.Optional(
  instanceOf("an object with options of tracking, or false", (value) => value === false || isObject(value)),
);

const schema = optionsSchema<TrackingOptions>({
  ...Type.Partial(trackingConfigSchema).properties,
  store: Type.Optional(portSchema("a store of runs", "createRun", "logBatch", "writeArtifact")),
  source: Type.Optional(Text),
  folder: Type.Optional(Text),
});

/** Undefined where nothing is to be recorded. Errors: CONFIG_INVALID, CONFIG_UNKNOWN_KEY. */
export function readTracking(given: TrackingOptions | false | undefined, call: string): TrackingOptions | undefined {
  if (given === undefined || given === false) return undefined;
  const options = readOptions<TrackingOptions>(schema, given, `${call}, tracking`);
  return options.enabled === false ? undefined : options;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
