/** What a training on a backbone is given: the pictures' recipe, how the head is trained, what is fine-tuned. */
import { AppError } from "../../base/errors.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { Recipe } from "../../image/recipe.ts";
import { mixesPictures } from "../../nn/augment/augmentation.ts";
import type { Backbone } from "../../nn/backbones/backbone.ts";
import { wholeTraining } from "../fit/fit-plan.ts";
import { planAugmentation } from "../plan/augmentation-plan.ts";
import { planBudget } from "../plan/budget-plan.ts";
import { type Choice, Choices } from "../plan/choice.ts";
import { planClassWeights } from "../plan/class-weights.ts";
import { planOptimizer } from "../plan/optimizer-plan.ts";
import type { StepPlan } from "../plan/step-plan.ts";
import type { TrainSettings } from "../plan/train-config.ts";
import type { HeadCandidate } from "./choose-head.ts";

/** How the backbone takes part in a training. */
export interface TransferChoices {
  /** Blocks that are trained too. */
  readonly tunedBlocks: number;
  /** Whether all of the backbone is trained, so that every step begins with the pictures. */
  readonly isWhole: boolean;
  readonly variants: number;
  readonly rate: number;
  readonly rateDecay: number;
  readonly updatesStatistics: boolean;
  readonly candidates: readonly HeadCandidate[];
}

/** Settings that belong to networks which are trained from nothing. */
const foreignSettings = ["architecture", "widths", "architectureOptions", "progressive"] as const;

/**
 * The recipe of the pictures that a backbone takes. `size` in the settings is another side than the usual.
 * Errors: CONFIG_INVALID for settings of networks without a backbone, or for another number of channels.
 */
export function planBackbonePictures(
  { input, name, layer }: Backbone,
  settings: TrainSettings,
): { readonly recipe: Recipe; readonly choices: readonly Choice[] } {
  const foreign = foreignSettings.find((key) => settings[key] !== undefined);
  if (foreign !== undefined) {
    throw new AppError("CONFIG_INVALID", {
      required: `no \`${foreign}\` beside a backbone, which is the network`,
      received: JSON.stringify(settings[foreign]),
      where: `train.${foreign}`,
    });
  }
  const choices = new Choices(settings);
  choices.add("backbone", name, "given");
  choices.add("layer", layer, "what its last layer takes");
  const { width, height, channels } = input;
  choices.add("size", width === height ? width : { width, height }, "what the backbone takes");
  choices.add("channels", channels, "what the backbone takes");
  if (settings.channels !== undefined && settings.channels !== channels) {
    throw new AppError("CONFIG_INVALID", {
      required: `the ${channels} channels that the backbone ${name} takes`,
      received: `${settings.channels}`,
      where: "train.channels",
    });
  }
  const recipe: Recipe = { width, height, channels, fit: settings.fit ?? input.fit, kernel: "lanczos3" };
  return { recipe, choices: choices.all };
}

/** The same backbone for pictures of `size`, where it is given. */
export function withSize(backbone: Backbone, size: number | undefined): Backbone {
  return size === undefined ? backbone : { ...backbone, input: { ...backbone.input, width: size, height: size } };
}

/** Hidden units of a head that is not linear. */
const hiddenUnits = 128;
/** For linear heads, from strong to hardly any. */
const usualDecays = [30, 10, 3, 0.3] as const;
const hiddenDecay = 3;

/** Errors: CONFIG_INVALID for more blocks than there are, and for settings that contradict each other. */
export function chooseTransfer(backbone: Backbone, settings: TrainSettings, choices: Choices): TransferChoices {
  const { fineTune = "0", batchNorm = "frozen", head } = settings;
  const blockCount = backbone.blocks.length;
  const asked = fineTune === "all" ? blockCount : Number(fineTune);
  if (asked > blockCount) {
    throw new AppError("CONFIG_INVALID", {
      required: `all or at most the ${blockCount} blocks of the backbone ${backbone.name}`,
      received: fineTune,
      where: "train.fineTune",
      hint: "see its blocks: pawprint backbone inspect FILE",
    });
  }
  const isWhole = asked > 0 && asked === blockCount;
  const variants = settings.variants ?? (isWhole ? 1 : 4);
  choices.add("fineTune", fineTune, "the head alone: seconds, and hard to beat with few pictures");
  if (!isWhole) choices.add("variants", variants, "augmented forms of each training picture, computed once");
  const rate = settings.backboneRate ?? 0.1;
  const rateDecay = settings.rateDecay ?? 0.9;
  if (asked > 0) {
    choices.add("backboneRate", rate, "the backbone was trained before");
    choices.add("rateDecay", rateDecay, "earlier blocks are more general");
    choices.add("batchNorm", batchNorm, "statistics of few pictures are worse than those of many");
  }
  const { dropout } = settings;
  const decays = settings.weightDecay === undefined ? usualDecays : [settings.weightDecay];
  const linear = decays.map((weightDecay) => ({ hidden: 0, dropout: dropout ?? 0, weightDecay }));
  const hidden = { hidden: hiddenUnits, dropout: dropout ?? 0.3, weightDecay: settings.weightDecay ?? hiddenDecay };
  const candidates = head === "linear" ? linear : head === "hidden" ? [hidden] : [...linear, hidden];
  return {
    tunedBlocks: asked,
    isWhole,
    variants,
    rate,
    rateDecay,
    updatesStatistics: batchNorm === "updated",
    candidates,
  };
}

/**
 * How the head, and what is fine-tuned with it, is trained.
 * Errors: CONFIG_INVALID, also for mixed pictures where features are computed once.
 */
export function planTransferSteps(
  pack: Pack,
  kind: SourceKind,
  settings: TrainSettings,
  transfer: Pick<TransferChoices, "tunedBlocks" | "isWhole" | "variants">,
  choices: Choices,
): StepPlan {
  const { tunedBlocks, isWhole } = transfer;
  const trainCount = indicesOf(pack, "train").length;
  const rowCount = trainCount * transfer.variants;
  const isTuned = tunedBlocks > 0;
  const usualEpochs = isTuned ? 8 : Math.min(40, Math.max(6, Math.round(60_000 / rowCount)));
  const usual = settings.time === undefined ? { epochs: settings.epochs ?? usualEpochs } : {};
  const budget = planBudget({ ...settings, ...usual }, kind, trainCount, choices);
  const usualBatch = Math.min(isTuned ? 32 : 64, Math.max(1, Math.ceil(rowCount / 8)));
  const batchSize = settings.batchSize ?? (usualBatch < 16 ? usualBatch : usualBatch - (usualBatch % 16));
  choices.add("batchSize", batchSize, `${trainCount} training pictures`);
  const learningRate = settings.learningRate ?? (isTuned ? 0.001 : 0.002);
  const { scheduleName, ...optimization } = planOptimizer({ ...settings, learningRate }, choices);
  const varied = planAugmentation(pack.recipe, kind, settings);
  if (!isWhole && mixesPictures(varied.augmentation)) {
    throw new AppError("CONFIG_INVALID", {
      required: "no mixed pictures where the backbone runs once for each picture",
      received: "mixup or cutmix",
      where: "train.mixup",
      hint: "leave them out, or train the whole backbone: `fineTune` all",
    });
  }
  choices.all.push(...varied.choices);
  const averageSteps = settings.averageSteps ?? 0;
  const labelSmoothing = settings.labelSmoothing ?? 0;
  choices.add("labelSmoothing", labelSmoothing, "the loss chooses the head");
  const classWeights = planClassWeights(pack, settings, choices);
  const seed = settings.seed ?? 0;
  choices.add("seed", seed, "repeatable unless another is given");
  const patience = settings.patience ?? (isTuned ? 4 : undefined);
  if (patience !== undefined) choices.add("patience", patience, "fine-tuning soon learns the pictures by heart");
  const { augmentation } = varied;
  const decisive = { batchSize, augmentation, labelSmoothing, stages: [wholeTraining], averageSteps, seed };
  return {
    ...decisive,
    ...optimization,
    budget,
    classWeights,
    bestBy: "loss",
    patience,
    checkpointMs: (settings.checkpointMinutes ?? 5) * 60_000,
    settings: {
      ...decisive,
      variants: transfer.variants,
      learningRate: optimization.learningRate,
      schedule: scheduleName,
      classWeights: classWeights ?? "none",
      budget: "timeMs" in budget ? "time" : "epochs",
    },
    choices: choices.all,
  };
}
