/** A service's configuration from what a program gives. */
import { AppError } from "../base/errors.ts";
import { deepFreeze } from "../base/freeze.ts";
import { jsonSchemaOf } from "../base/schema/json-schema.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { type ServeConfig, serveConfigSchema } from "./serve-config.ts";

export type ServiceConfig = ServeConfig & { readonly model: string };

/** Fills in the defaults and checks every value. Errors: CONFIG_INVALID. */
export function completeConfig(options: Partial<ServeConfig> & Pick<ServiceConfig, "model">): ServiceConfig {
  const config = { ...defaults(), ...structuredClone(options) };
  const fault = schemaFault(serveConfigSchema, config);
  if (fault) {
    throw new AppError("CONFIG_INVALID", { required: expectedOf(fault, "serve"), received: fault.received });
  }
  return deepFreeze(config as ServiceConfig); // checked above; the model is required by the type
}

function defaults(): Record<string, unknown> {
  const entries = Object.entries(serveConfigSchema.properties).map(([key, part]) => [key, jsonSchemaOf(part).default]);
  return structuredClone(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}
