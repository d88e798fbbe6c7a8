/** What programs and commands call: the functions of the layers below, joined to their engines. */
import type { BundleInput, LoadedBundle } from "../bundle/load-bundle.ts";
import type { Predictor, PredictorOptions } from "../predict/predictor.ts";
import type { Executor } from "../runtime/executor.ts";
import type { PawprintServer, ServerOptions } from "../server/create-server.ts";
import type { AugmentationPreview, AugmentationPreviewOptions } from "../train/pictures/augmentation-preview.ts";
import type { PreparedTraining, PrepareTrainingOptions } from "../train/prepare-training.ts";
import type { TrainOptions, TrainReport } from "../train/train.ts";
import { predictionEngine, serviceEngine, trainingEngine } from "./engines.ts";

/** Options whose engine is chosen here: `threads` (one for each core unless given) or an executor. */
export type WithEngine<O extends { readonly executor: Executor }> = Omit<O, "executor"> & {
  readonly executor?: Executor;
  readonly threads?: number;
};

async function withTrainingEngine<O extends { readonly executor: Executor }>({
  executor,
  threads,
  ...options
}: WithEngine<O>) {
  const engine = executor ?? (await trainingEngine(threads === undefined ? {} : { threads }));
  return { ...options, executor: engine };
}

/** See `train` in `train/train.ts`. */
export async function train(options: WithEngine<TrainOptions>): Promise<TrainReport> {
  const { train: run } = await import("../train/train.ts");
  return run(await withTrainingEngine<TrainOptions>(options));
}

/** See `prepareTraining` in `train/prepare-training.ts`. */
export async function prepareTraining(options: WithEngine<PrepareTrainingOptions>): Promise<PreparedTraining> {
  const { prepareTraining: run } = await import("../train/prepare-training.ts");
  return run(await withTrainingEngine<PrepareTrainingOptions>(options));
}

/** See `previewAugmentation` in `train/pictures/augmentation-preview.ts`. */
export async function previewAugmentation(
  options: WithEngine<AugmentationPreviewOptions>,
): Promise<AugmentationPreview> {
  const { previewAugmentation: run } = await import("../train/pictures/augmentation-preview.ts");
  return run(await withTrainingEngine<AugmentationPreviewOptions>(options));
}

/** See `loadBundle` in `bundle/load-bundle.ts`. */
export async function loadBundle(input: BundleInput, executor?: Executor): Promise<LoadedBundle> {
  const { loadBundle: load } = await import("../bundle/load-bundle.ts");
  return load(input, executor ?? (await predictionEngine()));
}

/** See `openPredictor` in `predict/predictor.ts`. */
export async function openPredictor(input: BundleInput, options: Partial<PredictorOptions> = {}): Promise<Predictor> {
  const { openPredictor: open } = await import("../predict/predictor.ts");
  return open(input, { ...options, executor: options.executor ?? (await predictionEngine()) });
}

/** See `createServer` in `server/create-server.ts`. */
export async function createServer(options: ServerOptions): Promise<PawprintServer> {
  const { createServer: create } = await import("../server/create-server.ts");
  return create(options, { prediction: serviceEngine, explanation: predictionEngine });
}
