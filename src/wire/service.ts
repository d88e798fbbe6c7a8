/** The service with its engines, and with what opens the places where bundles come from. */
import { isBundleUrl } from "../bundle/bundle-url.ts";
import { isModelAddress } from "../registry/model-address.ts";
import type { PawprintServer, ServerOptions } from "../server/create-server.ts";
import type { TrackingAccess } from "../tracking/tracking-access.ts";
import { serviceDriftTester, serviceEngine, serviceExplainer } from "./engines.ts";

/**
 * `createServer`, with addresses of models looked up at `access`, which is asked for where there are
 * any. What lies at an URL is kept in `folder`, the process's own unless given.
 */
export async function createServerAt(
  options: ServerOptions,
  access: () => Promise<TrackingAccess>,
  folder = ".",
): Promise<PawprintServer> {
  const [{ createServer: create }, { openBundleSource }] = await Promise.all([
    import("../server/create-server.ts"),
    import("../bundle/bundle-source.ts"),
    // At hand before the HTTP libraries load, so that the engine starts beside them.
    import("../runtime/worker-executor.ts"),
  ]);
  return create(options, {
    prediction: serviceEngine,
    explanation: serviceExplainer,
    drift: serviceDriftTester,
    async source(location, maximumBytes) {
      if (isBundleUrl(location)) {
        const { openUrlSource } = await import("./bundle-urls.ts");
        return openUrlSource(location, { folder, maximumBytes, ...(options.signal && { signal: options.signal }) });
      }
      if (!isModelAddress(location)) return openBundleSource(location, maximumBytes);
      const { registrySourcesAt } = await import("./registered-bundles.ts");
      return registrySourcesAt(await access())(location, maximumBytes);
    },
  });
}
