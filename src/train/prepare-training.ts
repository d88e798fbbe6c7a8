/** From labelled pictures and settings to everything that a training runs on. */

import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { memoryLimit } from "../base/machine/memory-limit.ts";
import type { Progress } from "../base/progress.ts";
import type { Pack, SplitOptions } from "../dataset/pack/pack.ts";
import type { SourceKind } from "../dataset/sources/source.ts";
import type { Backbone, BackboneIdentity } from "../nn/backbones/backbone.ts";
import type { Model } from "../nn/inference-graph.ts";
import type { Executor } from "../runtime/executor.ts";
import { createModel } from "./create-model.ts";
import type { BestWeights } from "./fit/fit-options.ts";
import { type PackedVersion, preparePack } from "./pictures/prepare-pack.ts";
import { Choices } from "./plan/choice.ts";
import { type NetworkPlan, type PicturePlan, planPicturesOf } from "./plan/picture-plan.ts";
import { splitOptionsOf } from "./plan/split-settings.ts";
import { planSteps, type StepPlan } from "./plan/step-plan.ts";
import type { TrainSettings } from "./plan/train-config.ts";
import { adamw } from "./step/optimizer.ts";
import { largestBatch, requireMemory } from "./step/step-memory.ts";
import { openBackbone } from "./transfer/open-backbone.ts";
import { chooseTransfer, planBackbonePictures, withSize } from "./transfer/plan-transfer.ts";
import { prepareTransfer } from "./transfer/prepare-transfer.ts";
import { requireTrainable } from "./transfer/require-trainable.ts";

export interface PrepareTrainingOptions {
  /** What `openSource` opens, or the folder of a pack. */
  readonly data: string;
  readonly settings?: TrainSettings;
  /** Refuse the data at the first picture that cannot be used. */
  readonly strict?: boolean;
  /**
   * Folder for packs, so that the next training on the same pictures starts at once; without it
   * packs stay in memory.
   */
  readonly packs?: string;
  /** What runs the graphs. */
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly logger?: Logger;
}

export interface PreparedTraining {
  /** Close its pixels when done with them. */
  readonly pack: Pack;
  readonly splits: SplitOptions;
  readonly picturePlan: PicturePlan;
  readonly stepPlan: StepPlan;
  /** Of pictures: what becomes the bundle. */
  readonly model: Model;
  /** What is trained, and on what: the same, or what stands behind fixed layers, on what those give. */
  readonly fitted: { readonly model: Model; readonly pack: Pack };
  /** Weights that training must better, where the model was trained before. */
  readonly start?: BestWeights | undefined;
  /** What the network was made of, where it was trained before. */
  readonly backbone?: BackboneIdentity;
  readonly executor: Executor;
  /** Where the pictures are a version of data. */
  readonly version?: PackedVersion;
}

/** The backbone that the settings name. Errors: those of `openBackbone`; CONFIG_INVALID for its settings without it. */
async function backboneOf(settings: TrainSettings): Promise<Backbone | undefined> {
  const { backbone, backboneInput: input, layer, size } = settings;
  if (backbone !== undefined) {
    const opened = withSize(await openBackbone(backbone, { input, layer }), size);
    requireTrainable(opened, chooseTransfer(opened, settings, new Choices(settings)).tunedBlocks);
    return opened;
  }
  const alone = backboneKeys.find((key) => settings[key] !== undefined);
  if (alone === undefined) return undefined;
  throw new AppError("CONFIG_INVALID", {
    required: `a \`backbone\` beside \`${alone}\``,
    received: "none",
    where: `train.${alone}`,
  });
}

const backboneKeys = [
  "layer",
  "backboneInput",
  "fineTune",
  "variants",
  "head",
  "backboneRate",
  "rateDecay",
  "batchNorm",
] as const;

/** The share of the machine's memory that a training is planned for. */
const memoryShare = 0.5;

/**
 * Opens the data, packs it, and plans the training. `onOpened` is called before anything is
 * decoded.
 * Errors: those of `openSource`, `buildPack`, `planPicturesOf` and `planSteps`; TRAIN_OUT_OF_MEMORY.
 */
export async function prepareTraining(
  options: PrepareTrainingOptions,
  onOpened?: (found: { readonly kind: SourceKind; readonly location: string; readonly plan: PicturePlan }) => void,
): Promise<PreparedTraining> {
  const { settings = {}, executor } = options;
  const backbone = await backboneOf(settings);
  const splits = splitOptionsOf(settings);
  let picturePlan: PicturePlan | undefined;
  const { pack, kind, version } = await preparePack({
    ...options,
    reading: settings,
    splits,
    async recipeFor(facts, { kind, location }) {
      picturePlan = backbone ? planBackbonePictures(backbone, settings) : await planPicturesOf(facts, settings);
      onOpened?.({ kind, location, plan: picturePlan });
      return picturePlan.recipe;
    },
  });
  try {
    const plan = picturePlan!; // preparePack has asked for the recipe
    const found = { pack, splits, picturePlan: plan, executor, ...(version && { version }) };
    if (backbone) return { ...found, ...(await prepareTransfer(pack, kind, backbone, options)) };
    const { network } = plan as NetworkPlan; // without a backbone
    const model = await createModel(network, pack);
    // The batch is chosen before the optimizer, so for the one that needs the most memory.
    const fits = largestBatch({ model, optimizer: adamw(), averages: true }, memoryLimit() * memoryShare);
    const stepPlan = planSteps(pack, kind, settings, fits);
    const { optimizer, batchSize, averageSteps } = stepPlan;
    requireMemory({ model, optimizer, batchSize, averages: averageSteps > 0 }, memoryLimit());
    return { ...found, stepPlan, model, fitted: { model, pack } };
  } catch (error) {
    await pack.pixels.close();
    throw error;
  }
}
