/** Decides what training pictures are varied by, and says why for what nobody chose. */
import type { SourceKind } from "../../dataset/sources/source.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { Augmentation } from "../../nn/augment/augmentation.ts";
import { type Choice, createNotes } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";
import { isLongTraining } from "./training-time.ts";

/** The settings of `train` that decide how pictures are varied. */
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

/**
 * How pictures of this recipe are varied. A random crop takes the place of the usual shift and
 * zoom, since it moves and enlarges too, and a RandAugment policy that of the usual changes of
 * colour as well. In a long training photographs are varied more, since each is seen more often.
 * Errors: CONFIG_INVALID where time and epochs are given.
 */
export function planAugmentation(
  { width, height, channels }: Recipe,
  kind: SourceKind,
  settings: TrainSettings,
): AugmentationPlan {
  // Sets in idx files are digits, letters and the like.
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

  const notes = createNotes();
  const flipReason = isDigits ? "a mirrored digit is another sign" : "a mirrored photograph is a photograph";
  notes.add("flip", augmentation.flip ? "yes" : "no", settings.flip, flipReason);
  const given = augmentationKeys.find((key) => key !== "flip" && settings[key] !== undefined);
  notes.add("augmentation", describeAugmentation(augmentation), given, "varies what is learnt from");
  return { augmentation, choices: notes.all };
}

function describeAugmentation(augmentation: Augmentation): string {
  const { shiftPixels, rotationDegrees, crop, randAugment } = augmentation;
  const plain = ["shear", "brightness", "contrast", "saturation", "hue", "erasing", "mixup", "cutmix"] as const;
  const parts = [
    crop < 1 ? `crop to ${crop} of the area` : undefined,
    randAugment.count > 0 ? `${randAugment.count} drawn changes of strength ${randAugment.magnitude}` : undefined,
    shiftPixels > 0 ? `shift ${shiftPixels} px` : undefined,
    augmentation.zoom > 0 ? `zoom ${augmentation.zoom}` : undefined,
    rotationDegrees > 0 ? `rotation ${rotationDegrees} degrees` : undefined,
    ...plain.map((name) => (augmentation[name] > 0 ? `${name} ${augmentation[name]}` : undefined)),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "none" : parts.join(", ");
}
