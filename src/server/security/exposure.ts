/** Who can reach the service, and what its operator must know of it. */
import { AppError } from "../../base/errors.ts";
import type { ServeConfig } from "../serve-config.ts";
import { isLoopbackHost } from "./network.ts";

export interface Exposure {
  /** Whether only this machine can reach the public routes. */
  readonly isLocal: boolean;
  /** What is open to other machines without a key, as sentences. */
  readonly warnings: readonly string[];
}

type Settings = Pick<ServeConfig, "host" | "adminHost" | "adminPort" | "adminWithoutKeys" | "keysFile" | "jwt">;

/** Errors: CONFIG_INVALID for admin routes that are open to others and are not meant to be. */
export async function exposureOf(settings: Settings): Promise<Exposure> {
  const { host, adminHost, adminPort, adminWithoutKeys, keysFile, jwt } = settings;
  const isProtected = keysFile !== undefined || jwt !== undefined;
  const isLocal = await isLoopbackHost(host);
  const warnings: string[] = [];
  if (!isLocal && !isProtected) {
    warnings.push(`Other machines can call this service on ${host} without a key; keysFile asks for one.`);
  }
  if (adminPort !== undefined && !isProtected && !(await isLoopbackHost(adminHost))) {
    if (!adminWithoutKeys) throw openAdmin(adminHost);
    warnings.push(`Other machines can call the admin routes on ${adminHost} without a key.`);
  }
  return { isLocal, warnings };
}

function openAdmin(adminHost: string): AppError {
  return new AppError("CONFIG_INVALID", {
    required: "keys or tokens where other machines can reach the admin routes",
    received: `adminHost ${adminHost} and neither`,
    hint: "give `keysFile`; or `adminWithoutKeys`, where nobody else reaches that port",
  });
}
