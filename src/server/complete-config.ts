/** A service's configuration from what a program gives. */
import { Type } from "typebox";
import { deepFreeze } from "../base/freeze.ts";
import { readOptions, Text } from "../base/schema/options.ts";
import { type ServeConfig, serveConfigSchema } from "./serve-config.ts";

export type ServiceConfig = ServeConfig & { readonly model: string };

const serverOptions = Type.Object({ ...serveConfigSchema.properties, model: Text });

/**
 * Fills in the defaults and checks every value. Errors: CONFIG_INVALID, CONFIG_UNKNOWN_KEY with the
 * known name that was meant.
 */
export function completeConfig(options: Partial<ServeConfig> & Pick<ServiceConfig, "model">): ServiceConfig {
  const config: object = structuredClone(readOptions(serverOptions, options, "createServer"));
  return deepFreeze(config as ServiceConfig); // checked, and complete by the schema's defaults
}
