/** Gathers what a model card is made from. */
import { basename, extname } from "node:path";
import { isAppError } from "../base/errors.ts";
import type { BundleFile } from "../bundle/bundle-file.ts";
import type { CardFacts, CardSlice } from "../registry/card/card-facts.ts";
import type { ModelVersion } from "../registry/model-registry.ts";
import type { Run } from "../tracking/run.ts";
import type { TrackingAccess } from "../tracking/tracking-access.ts";
import { openRunStore } from "./tracking.ts";

/**
 * With the run that made the bundle, where the store has it.
 * Errors: those of `RunStore`.
 */
export async function modelCardFacts(
  bundle: BundleFile,
  access: TrackingAccess,
  { version, slices }: { readonly version?: ModelVersion; readonly slices?: readonly CardSlice[] } = {},
): Promise<CardFacts> {
  const run = await runOf(version?.runId ?? bundle.info.lineage.runId, access);
  return {
    name: version?.name ?? basename(bundle.path, extname(bundle.path)),
    bundle,
    ...(version && { version }),
    ...(run && { run }),
    ...(slices && { slices }),
  };
}

async function runOf(id: string, access: TrackingAccess): Promise<Run | undefined> {
  const store = await openRunStore(access);
  try {
    return await store.getRun(id);
  } catch (error) {
    if (isAppError(error, "RUN_NOT_FOUND")) return undefined;
    throw error;
  } finally {
    await store.close();
  }
}
