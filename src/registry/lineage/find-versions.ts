/** Finds the registered versions of a bundle. */
import { type ModelRegistry, type ModelVersion, versionTags } from "../model-registry.ts";

export interface SoughtBundle {
  /** All 64 digits, or the first 12 or more. */
  readonly sha256: string;
  readonly digest?: string;
  readonly runId?: string;
}

/**
 * Versions with the bundle's hash; where there is none, those with its digest (another tool wrote the
 * file again); else those of its run that carry neither. The newest of each model come first.
 */
export async function findVersions(registry: ModelRegistry, bundle: SoughtBundle): Promise<readonly ModelVersion[]> {
  const all: ModelVersion[] = [];
  for (const { name } of await registry.listModels()) all.push(...(await registry.listVersions(name)));
  const { sha256, digest, runId } = bundle;
  const isSame: readonly ((version: ModelVersion) => boolean)[] = [
    ({ tags }) => sha256.length >= 12 && (tags.get(versionTags.sha256)?.startsWith(sha256) ?? false),
    ({ tags }) => digest !== undefined && tags.get(versionTags.digest) === digest,
    ({ tags, runId: own }) =>
      runId !== undefined && own === runId && !tags.has(versionTags.sha256) && !tags.has(versionTags.digest),
  ];
  for (const test of isSame) {
    const found = all.filter(test);
    if (found.length > 0) return found;
  }
  return [];
}
