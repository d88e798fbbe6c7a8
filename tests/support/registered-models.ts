/** A folder of runs and registered models, with bundles to register in it. */
import { join } from "node:path";
import { inspectBundle } from "../../src/bundle/bundle-file.ts";
import { logBundle } from "../../src/bundle/mlflow-model/log-bundle.ts";
import { type ModelVersion, versionTags } from "../../src/registry/model-registry.ts";
import type { TrackingAccess } from "../../src/tracking/tracking-access.ts";
import { type Models, modelsAt } from "../../src/wire/models.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { type UntrainedModel, writeUntrainedBundle } from "./untrained-bundle.ts";

export const redOrBlue: UntrainedModel = {
  labels: ["blue", "red"],
  widths: [4],
  recipe: { width: 8, height: 8, channels: 3, fit: "cover", kernel: "lanczos3" },
};

export interface RegisteredModels extends Models {
  readonly access: TrackingAccess;
  /** Writes a bundle of these weights, logs it in a run of its own, and registers it. */
  register(name: string, model?: Partial<UntrainedModel>): Promise<ModelVersion>;
  /** The same for a bundle's file. */
  registerFile(name: string, path: string): Promise<ModelVersion>;
}

/** At `access`, or in a folder of its own. */
export async function registeredModels(
  access: TrackingAccess = { kind: "folder", folder: join(temporaryFolder("models"), "runs") },
): Promise<RegisteredModels> {
  const models = await modelsAt(access);
  const { registry, store } = models;
  const bundles = temporaryFolder("bundles");
  const registerFile = async (name: string, path: string): Promise<ModelVersion> => {
    const file = await inspectBundle(path);
    const { id: experimentId } = await store.ensureExperiment("pets");
    const run = await store.createRun({ experimentId, name, startedMs: Date.now() });
    const logged = await logBundle(store, run, file);
    await store.updateRun(run.id, { status: "FINISHED", endedMs: Date.now() });
    await registry.ensureModel(name);
    return registry.createVersion(name, {
      source: logged === undefined ? `runs:/${run.id}/model` : `models:/${logged.id}`,
      runId: run.id,
      ...(logged && { modelId: logged.id }),
      tags: new Map([
        [versionTags.sha256, file.sha256],
        [versionTags.digest, file.info.digest ?? ""],
      ]),
    });
  };
  return {
    ...models,
    access,
    registerFile,
    async register(name, model = {}) {
      const path = join(bundles, `${crypto.randomUUID()}.onnx`);
      await writeUntrainedBundle({ ...redOrBlue, ...model }, path);
      return registerFile(name, path);
    },
  };
}
