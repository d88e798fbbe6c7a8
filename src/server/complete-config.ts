/** A service's configuration from what a program gives. */
import { AppError } from "../base/errors.ts";
import { deepFreeze } from "../base/freeze.ts";
import { jsonSchemaOf } from "../base/schema/json-schema.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { type ServeConfig, serveConfigSchema } from "./serve-config.ts";

export type ServiceConfig = ServeConfig & { readonly model: string };

/** Fills in the defaults and checks every value. Errors: CONFIG_INVALID. */
export function completeConfig(options: Partial<ServeConfig> & Pick<ServiceConfig, "model">): ServiceConfig {
  const config: Record<string, unknown> = structuredClone(options);
  for (const [key, part] of Object.entries(serveConfigSchema.properties)) {
    const given = config[key] === undefined ? structuredClone(jsonSchemaOf(part).default) : config[key];
    if (given === undefined) delete config[key];
    else config[key] = given;
  }
  const fault = schemaFault(serveConfigSchema, config);
  if (fault) {
    throw new AppError("CONFIG_INVALID", { required: expectedOf(fault, "serve"), received: fault.received });
  }
  return deepFreeze(config as unknown as ServiceConfig); // checked above; the model is required by the type
}
