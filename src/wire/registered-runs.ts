/** Which runs made the versions that aliases of the registry stand for. */
import type { ModelRegistry } from "../registry/model-registry.ts";

/** A registry of more models is not asked: each alias of a server takes a request. */
const mostModels = 20;

/** `cats-dogs@champion`, by the run's id; the aliases of one run by name. Errors: those of the registry. */
export async function registeredRuns(
  registry: Pick<ModelRegistry, "listModels" | "getVersion">,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const models = await registry.listModels();
  const runs = new Map<string, string[]>();
  if (models.length > mostModels) return runs;
  const named = models.flatMap(({ name, aliases }) =>
    [...aliases].map(([alias, version]) => ({ name, alias, version })),
  );
  const versions = await Promise.all(named.map(({ name, version }) => registry.getVersion(name, version)));
  for (const [at, { name, alias }] of named.entries()) {
    const runId = versions[at]!.runId;
    if (runId !== undefined) runs.set(runId, [...(runs.get(runId) ?? []), `${name}@${alias}`].sort());
  }
  return runs;
}
