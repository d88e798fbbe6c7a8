/**
 * Turns settings and facts about the data into everything that a training needs, and says why for
 * what nobody chose.
 */
import { formatDuration } from "../../base/quantity.ts";
import { indicesOf, type Pack } from "../../dataset/pack/pack.ts";
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { Recipe } from "../../image/recipe.ts";
import { createNetwork, type Network } from "../../nn/architectures/table.ts";
import { type Augmentation, requireColours } from "../../nn/augment/augmentation.ts";
import type { Stage } from "../fit/fit-options.ts";
import { constantSchedule, cosineWithWarmup, oneCycle, type Schedule } from "../fit/schedule.ts";
import { planStages } from "../fit/stages.ts";
import type { OwnSize } from "../pictures/prepare-pack.ts";
import { adam, adamw, type Optimizer, sgd, withAccumulation, withClipping } from "../step/optimizer.ts";
import { planAugmentation } from "./augmentation-plan.ts";
import { type Choice, createNotes } from "./choice.ts";
import { planClassWeights } from "./class-weights.ts";
import type { TrainSettings } from "./train-config.ts";
import { durationOf, isLongTraining } from "./training-time.ts";

export type { Choice } from "./choice.ts";

export interface PicturePlan {
  readonly recipe: Recipe;
  readonly network: Network;
  readonly choices: readonly Choice[];
}

export interface StepPlan {
  /** With `timeMs` the most there could be. */
  readonly epochs: number;
  readonly timeMs?: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly augmentation: Augmentation;
  readonly labelSmoothing: number;
  readonly classWeights?: readonly number[];
  readonly patience?: number;
  readonly stages: readonly Stage[];
  readonly averageSteps: number;
  readonly checkpointMs: number;
  readonly seed: number;
  /** All of it that decides the weights, but for how long training takes, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly choices: readonly Choice[];
}

/**
 * Photographs are resized to this unless a size is given: small enough to train on two cores, large
 * enough for an animal.
 */
const photographSide = 64;
/** Where there is time for it: the same network then sees what 64 pixels do not show. */
const longPhotographSide = 128;

/**
 * The recipe and the network, decided before any picture is decoded; `own` is the size of pictures
 * that need no decoding.
 * Errors: ARCHITECTURE_UNKNOWN, CONFIG_UNKNOWN_KEY, CONFIG_INVALID (also for hue or saturation of
 * grey pictures).
 */
export function planPictures(own: OwnSize | undefined, settings: TrainSettings): PicturePlan {
  const notes = createNotes();
  const side = settings.size;
  const isLong = isLongTraining(settings);
  const usualSide = isLong ? longPhotographSide : photographSide;
  const width = side ?? own?.width ?? usualSide;
  const height = side ?? own?.height ?? usualSide;
  const photographReason = isLong ? "for photographs, in so much time" : "the usual size for photographs";
  const sizeReason = own ? "the pictures' own size" : photographReason;
  notes.add("size", `${width} x ${height} pixels`, side, sizeReason);
  const channels = settings.channels ?? own?.channels ?? 3;
  const channelReason = own ? "the pictures' own channels" : "photographs have colours";
  requireColours({ saturation: settings.saturation ?? 0, hue: settings.hue ?? 0 }, channels);
  notes.add("channels", channels === 1 ? "1 (grey)" : "3 (colour)", settings.channels, channelReason);

  const architecture = settings.architecture ?? "cnn";
  const takesWidths = architecture === "cnn" || architecture === "resnet";
  const widths = settings.widths ?? (takesWidths ? widthsFor(Math.min(width, height)) : undefined);
  const network = createNetwork(architecture, {
    ...(widths && { widths }),
    ...(settings.dropout !== undefined && { dropout: settings.dropout }),
    ...settings.architectureOptions,
  });
  network.checkSize({ width, height, channels });
  notes.add("architecture", architecture, settings.architecture, "the baseline");
  if (widths) notes.add("widths", widths.join(", "), settings.widths, `stages for ${Math.min(width, height)} pixels`);
  const recipe: Recipe = { width, height, channels, fit: settings.fit ?? "cover", kernel: "lanczos3" };
  return { recipe, network, choices: notes.all };
}

/**
 * How the network is trained, decided from the packed pictures; `mostThatFits` is the largest batch
 * for which there is memory.
 */
export function planSteps(
  pack: Pack,
  kind: SourceKind,
  settings: TrainSettings,
  mostThatFits = Number.POSITIVE_INFINITY,
): StepPlan {
  const notes = createNotes();
  const trainCount = indicesOf(pack, "train").length;
  const side = Math.min(pack.recipe.width, pack.recipe.height);
  // Sets in idx files are digits, letters and the like.
  const isDigits = kind === "idx";

  const timeMs = durationOf(settings);
  const epochs = settings.epochs ?? (isDigits ? 9 : epochsFor(trainCount));
  const epochsReason = isDigits ? "enough for digits" : `${trainCount} pictures to learn from`;
  if (timeMs === undefined) notes.add("epochs", `${epochs}`, settings.epochs, epochsReason);
  else notes.add("time", formatDuration(timeMs), settings.time, "");
  const usual = batchSizeFor(side, trainCount);
  const batchSize = settings.batchSize ?? Math.max(1, Math.min(usual, mostThatFits));
  const batchReason =
    usual <= mostThatFits ? `${trainCount} training pictures of ${side} pixels` : "what memory allows";
  notes.add("batch size", `${batchSize}`, settings.batchSize, batchReason);
  if (settings.accumulate !== undefined)
    notes.add("accumulate", `${settings.accumulate} batches`, settings.accumulate, "");
  const optimizerName = settings.optimizer ?? "adamw";
  const learningRate = settings.learningRate ?? (optimizerName === "sgd" ? 0.1 : 0.003);
  notes.add("optimizer", optimizerName, settings.optimizer, "needs the least tuning");
  notes.add("learning rate", `${learningRate}`, settings.learningRate, `usual for ${optimizerName}`);
  const scheduleName = settings.schedule ?? "one-cycle";
  notes.add("schedule", scheduleName, settings.schedule, "the best result in few epochs");

  const varied = planAugmentation(pack.recipe, kind, settings);
  notes.all.push(...varied.choices);
  const { augmentation } = varied;

  const stages = planStages({ ...pack.recipe }, augmentation, {
    progressive: settings.progressive ?? (timeMs !== undefined && !isDigits && side >= longPhotographSide),
    mixOff: settings.mixOff ?? 0.2,
  });
  const firstSide = stages.find(({ fedSize }) => fedSize)?.fedSize?.height;
  if (firstSide !== undefined) {
    notes.add("first pictures", `${firstSide} pixels`, settings.progressive, "smaller ones teach the beginning sooner");
  }
  const averageSteps = settings.averageSteps ?? averageStepsFor(Math.ceil(trainCount / batchSize));
  const averages = averageSteps === 0 ? "no" : `over ${averageSteps} steps`;
  notes.add("averaged weights", averages, settings.averageSteps, "half an epoch: steadier than any one step");

  const labelSmoothing = settings.labelSmoothing ?? (isDigits ? 0 : 0.05);
  const smoothingReason = isDigits ? "digits are told apart for certain" : "keeps answers from growing too sure";
  notes.add("label smoothing", `${labelSmoothing}`, settings.labelSmoothing, smoothingReason);
  const weighted = planClassWeights(pack, settings);
  notes.all.push(...weighted.choices);
  const { classWeights } = weighted;
  const seed = settings.seed ?? 0;
  notes.add("seed", `${seed}`, settings.seed, "repeatable unless another is given");
  return {
    epochs: timeMs === undefined ? epochs : mostEpochs,
    ...(timeMs !== undefined && { timeMs }),
    batchSize,
    learningRate,
    optimizer: createOptimizer(optimizerName, settings),
    schedule: createSchedule(scheduleName),
    augmentation,
    labelSmoothing,
    ...(classWeights && { classWeights }),
    ...(settings.patience !== undefined && { patience: settings.patience }),
    stages,
    averageSteps,
    checkpointMs: (settings.checkpointMinutes ?? 5) * 60_000,
    seed,
    settings: {
      batchSize,
      learningRate,
      schedule: scheduleName,
      augmentation,
      labelSmoothing,
      classWeights: classWeights ?? "none",
      stages,
      averageSteps,
      seed,
      by: timeMs === undefined ? "epochs" : "time",
    },
    choices: notes.all,
  };
}

/** As many as a training by time may come to. */
const mostEpochs = 1_000_000;

/** Half an epoch, within bounds that average over something and forget the beginning. */
function averageStepsFor(stepsPerEpoch: number): number {
  return Math.min(2000, Math.max(10, Math.round(stepsPerEpoch / 2)));
}

/**
 * One stage for each halving, down to a few pixels; fewer for very small pictures, which a stage
 * must not use up. Doubling the filters at every halving keeps all stages equally dear, so that a
 * narrow first stage makes the whole network cheap: of photographs it sees many more in the same
 * time.
 */
function widthsFor(side: number): number[] {
  if (side < 8) return [32];
  if (side < 24) return [32, 64];
  if (side < 48) return [32, 64, 128];
  return side < 112 ? [16, 32, 64, 128] : [16, 32, 96, 192];
}

/**
 * A network needs to see about as many pictures in all whether the set is small or large; both ends
 * are bounded.
 */
const picturesInAll = 450_000;

function epochsFor(trainCount: number): number {
  return Math.min(100, Math.max(10, Math.round(picturesInAll / trainCount)));
}

/**
 * Smaller batches for larger pictures keep memory level; an epoch of a small set still has eight
 * steps. Whole sixteens, where there are so many, because the fast path's weight gradient
 * interleaves as many pictures as its vectors are wide (8 or 16).
 */
function batchSizeFor(side: number, trainCount: number): number {
  const usual = side < 48 ? 128 : side < 160 ? 64 : 32;
  const wanted = Math.min(usual, Math.ceil(trainCount / 8));
  return wanted < 16 ? Math.max(1, wanted) : wanted - (wanted % 16);
}

function createOptimizer(
  name: "adamw" | "adam" | "sgd",
  { weightDecay, clipNorm, accumulate = 1 }: TrainSettings,
): Optimizer {
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const make = {
    adamw: () => adamw({ weightDecay: 0.05, ...decay }),
    adam: () => adam(),
    sgd: () => sgd({ weightDecay: 5e-4, ...decay }),
  };
  const optimizer = make[name]();
  const clipped = clipNorm === undefined ? optimizer : withClipping(optimizer, clipNorm);
  return accumulate > 1 ? withAccumulation(clipped, accumulate) : clipped;
}

function createSchedule(name: "one-cycle" | "cosine" | "constant"): Schedule {
  if (name === "constant") return constantSchedule();
  return name === "cosine" ? cosineWithWarmup() : oneCycle();
}
