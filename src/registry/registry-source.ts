/** A service's source of bundles in a registry: whatever an alias points to is served. */
import { type BundleSource, modelNameFrom } from "../bundle/bundle-source.ts";
import { findVersion, type ModelStores } from "./locate-model.ts";
import { formatModelAddress, type ModelAddress } from "./model-address.ts";
import { versionTags } from "./model-registry.ts";
import { resolveBundle } from "./resolve-bundle.ts";

/**
 * Its stamp is the version's number with the hash in its tags; runs and logged models never change.
 * `close` closes the stores.
 */
export function registrySource(
  address: ModelAddress,
  stores: ModelStores & { close(): Promise<void> },
  maximumBytes: number,
): BundleSource {
  const location = formatModelAddress(address);
  return {
    name: modelNameFrom("name" in address ? address.name : address.kind === "run" ? address.path : "model"),
    location,
    async stamp() {
      if (!("name" in address)) return location;
      const { version, tags } = await findVersion(address, await stores.registry());
      return `${version} ${tags.get(versionTags.sha256) ?? ""} ${tags.get(versionTags.digest) ?? ""}`;
    },
    read: () => resolveBundle(address, stores, maximumBytes),
    close: () => stores.close(),
  };
}
