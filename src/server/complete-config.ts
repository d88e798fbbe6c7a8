/** A service's configuration from what a program gives. */
import { Value } from "typebox/value";
import { AppError } from "../base/errors.ts";
import { deepFreeze } from "../base/freeze.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { type ServeConfig, serveConfigSchema } from "./serve-config.ts";

export type ServiceConfig = ServeConfig & { readonly model: string };

/** Fills in the defaults and checks every value. Errors: CONFIG_INVALID. */
export function completeConfig(options: Partial<ServeConfig> & Pick<ServiceConfig, "model">): ServiceConfig {
  const config = Value.Default(serveConfigSchema, structuredClone(options));
  const fault = schemaFault(serveConfigSchema, config);
  if (fault) {
    throw new AppError("CONFIG_INVALID", { required: expectedOf(fault, "serve"), received: fault.received });
  }
  return deepFreeze(config as ServeConfig & { model: string }); // checked above; the model is required by the type
}
