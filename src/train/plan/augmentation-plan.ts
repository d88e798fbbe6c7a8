/** Decides the augmentation of training pictures, and says why for what was not given. */
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { Augmentation } from "../../nn/augment/augmentation.ts";
import { isLongTraining } from "./budget-plan.ts";
import { type Choice, Choices } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";

/** The settings of `train` that decide the augmentation. */
export const augmentationKeys = [
  "flip",
  "shiftPixels",
  "zoom",
  "rotationDegrees",
  "shear",
  "crop",
  "brightness",
  "contrast",
  "saturation",
  "hue",
  "erasing",
  "mixup",
  "cutmix",
  "randAugment",
  "randAugmentMagnitude",
] as const satisfies readonly (keyof TrainSettings)[];

export interface AugmentationPlan {
  readonly augmentation: Augmentation;
  readonly choices: readonly Choice[];
}

/** Torchvision's default, and the paper's best strength for many nets. */
const usualPolicy = { count: 2, magnitude: 9 } as const;
const usualReason = "varies the training pictures";

/**
 * The augmentation of pictures of this recipe. A random crop replaces the usual shift and zoom,
 * since it moves and enlarges too; a RandAugment policy also the usual changes of colour. In a long
 * training photographs are varied more, since each is seen more often.
 * Errors: CONFIG_INVALID where time and epochs are given.
 */
export function planAugmentation(
  { width, height, channels }: Recipe,
  kind: SourceKind,
  settings: TrainSettings,
): AugmentationPlan {
  // Idx files hold digits, letters and the like.
  const isDigits = kind === "idx";
  const isLong = isLongTraining(settings) && !isDigits;
  const isStrengthAlone = settings.randAugment === undefined && settings.randAugmentMagnitude !== undefined;
  const count = settings.randAugment ?? (isStrengthAlone ? usualPolicy.count : 0);
  const crop = settings.crop ?? (isLong && count === 0 ? 0.5 : 1);
  const isMoved = count > 0 || crop < 1;
  const usualShift = isDigits ? 2 : Math.round(Math.min(width, height) / 16);
  const usualZoom = isDigits ? 0.1 : 0.15;
  const usualColour = isDigits || count > 0 ? 0 : 0.2;
  const augmentation: Augmentation = {
    flip: settings.flip ?? !isDigits,
    shiftPixels: settings.shiftPixels ?? (isMoved ? 0 : usualShift),
    zoom: settings.zoom ?? (isMoved ? 0 : usualZoom),
    rotationDegrees: settings.rotationDegrees ?? (isDigits && count === 0 ? 10 : 0),
    shear: settings.shear ?? 0,
    crop,
    brightness: settings.brightness ?? usualColour,
    contrast: settings.contrast ?? usualColour,
    saturation: settings.saturation ?? (isLong && channels === 3 ? usualColour : 0),
    hue: settings.hue ?? 0,
    erasing: settings.erasing ?? 0,
    mixup: settings.mixup ?? 0,
    cutmix: settings.cutmix ?? 0,
    randAugment: { count, magnitude: settings.randAugmentMagnitude ?? usualPolicy.magnitude },
  };

  const { randAugment, ...parts } = augmentation;
  const values = { ...parts, randAugment: randAugment.count, randAugmentMagnitude: randAugment.magnitude };
  const choices = new Choices(settings);
  const flipReason = isDigits ? "a mirrored digit is not a digit" : "a mirrored photograph is a photograph";
  for (const key of augmentationKeys) choices.add(key, values[key], key === "flip" ? flipReason : usualReason);
  return { augmentation, choices: choices.all };
}
