/** Bundles by the addresses of runs and registered models: `models:/...`, `runs:/...`. */
import { resolve } from "node:path";
import type { OpenBundleSource } from "../bundle/bundle-source.ts";
import type { ModelStores } from "../registry/locate-model.ts";
import { parseModelAddress } from "../registry/model-address.ts";
import type { ModelRegistry } from "../registry/model-registry.ts";
import { registrySource } from "../registry/registry-source.ts";
import { type ResolvedBundle, resolveBundle } from "../registry/resolve-bundle.ts";
import type { RunStore } from "../tracking/run-store.ts";
import { type TrackingAccess, trackingAccess } from "../tracking/tracking-access.ts";
import { openModelRegistry, openRunStore } from "./tracking.ts";

/** Of a program: `trackingUri` over MLFLOW_TRACKING_URI over `runs`. Errors: TRACKING_URI_INVALID. */
export function libraryAccess(trackingUri?: string): TrackingAccess {
  return trackingAccess(trackingUri === undefined ? {} : { trackingUri }, process.env, (path) => resolve(path));
}

/** Errors: those of `parseModelAddress` and of `resolveBundle`. */
export async function readRegisteredBundle(address: string, access: TrackingAccess): Promise<ResolvedBundle> {
  const parsed = parseModelAddress(address);
  const stores = openModelStores(access);
  try {
    return await resolveBundle(parsed, stores);
  } finally {
    await stores.close();
  }
}

/** A service asks often, and goes on with what it serves: it asks once, and does not wait long. */
const longestAnswerMs = 10_000;

/** Errors of the opened source: those of `parseModelAddress`. */
export function registrySourcesAt(access: TrackingAccess): OpenBundleSource {
  const impatient: TrackingAccess =
    access.kind === "folder"
      ? access
      : { ...access, retries: 0, timeoutMs: Math.min(access.timeoutMs, longestAnswerMs) };
  return async (location, maximumBytes) =>
    registrySource(parseModelAddress(location), openModelStores(impatient), maximumBytes);
}

/** Each is opened when it is first asked for; one that could not be opened is tried again. */
function openModelStores(access: TrackingAccess): ModelStores & { close(): Promise<void> } {
  let registry: Promise<ModelRegistry> | undefined;
  let runs: Promise<RunStore> | undefined;
  return {
    registry() {
      registry ??= openModelRegistry(access).catch((error: unknown) => {
        registry = undefined;
        throw error;
      });
      return registry;
    },
    runs() {
      runs ??= openRunStore(access).catch((error: unknown) => {
        runs = undefined;
        throw error;
      });
      return runs;
    },
    async close() {
      const opened = await Promise.allSettled([registry, runs]);
      for (const one of opened) if (one.status === "fulfilled") await one.value?.close();
    },
  };
}
