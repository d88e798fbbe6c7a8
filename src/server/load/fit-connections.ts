/** Connections within what the process may open: without room for one more, none is taken at all. */
import { openFileLimit } from "../../base/machine/open-file-limit.ts";
import type { ServiceConfig } from "../complete-config.ts";
import { extraConnections } from "../http/connection-table.ts";

/** What a service has open besides: streams, threads, bundles, its log. */
const otherFiles = 48;
/** The configuration, with as many `connections` as fit, and what its operator must know of it. */
export function fitConnections(
  config: ServiceConfig,
  limit = openFileLimit(),
): { readonly config: ServiceConfig; readonly warnings: readonly string[] } {
  const needed = filesFor(config.connections);
  if (limit === undefined || limit >= needed) return { config, warnings: [] };
  let most = Math.min(config.connections, limit);
  while (most > 1 && filesFor(most) > limit) most--;
  const warning = `This process may open ${limit} files: enough for ${most} connections, not for ${config.connections}; raise the limit: ulimit -n ${needed}`;
  return { config: { ...config, connections: most }, warnings: [warning] };
}

function filesFor(connections: number): number {
  return connections + extraConnections(connections) + otherFiles;
}
